// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct TicketFormatTests {
    @Test(arguments: [
        ["text/html"], ["Text/HTML"], [" text/html\t"], ["text/html;q=0.001"], ["text/html; Q=1.000"],
        ["text/html ; charset=UTF-8"],
        ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], ["text/html, */*"], ["*/*, text/html"],
        ["text/html, application/*"],
        ["text/html, application/json;q=0.9"], ["application/json;q=0.9", "text/html"], ["text/html;q=0.2, */*;q=0.1"],
        ["application/json;q=0, */*, text/html;q=0.1"], ["text/html;profile=fragment;q=0.5, text/html"],
        ["text/html;profile=other, text/html"],
    ])
    func `a client that prefers HTML gets a page`(_ accept: [String]) {
        #expect(TicketFormat(accept: accept) == .page)
    }

    @Test(arguments: [
        ["text/html;profile=fragment"], [#"text/html; Profile = "fragment" ; q=0.7"#], ["text/html;profile=fragment, text/html"],
        ["text/html, text/html;profile=fragment"], ["text/html;q=0.5, text/html;profile=fragment;q=0.6, application/json;q=0.5"],
    ])
    func `a client that asks for a fragment gets the form alone`(_ accept: [String]) {
        #expect(TicketFormat(accept: accept) == .fragment)
    }

    @Test(arguments: [
        [], [""], ["*/*"], ["application/json"], ["text/*"], ["text/plain"], ["text/htmlx"], ["text/html/x"], ["text"],
        ["application/json, text/plain, */*"],
        ["text/html, application/json"], ["application/json;charset=utf-8, text/html"], ["text/html;q=0.9, application/json"],
        ["text/html;q=0.9, application/*"], ["text/html;q=0.9, */*"], ["text/html;q=0"], ["text/html;q=0.000, */*;q=0"],
        ["text/html;q=2"], ["text/html;q=1.001"], ["text/html;q=1.0000"], ["text/html;q="], ["text/html;q=.5"],
        ["text/html;q=0,5"], ["text/html;q=05"],
        ["text/html;q=-1"], ["text/html;q=0.5x"], ["text/html;q"], ["text/html;"], ["text/html;;q=1"], ["text/html;level=1"],
        ["text/html;profile=page"], ["text/html;profile=FRAGMENTS"], ["text/html;charset=latin1"],
        ["application/json;profile=fragment, text/html;q=0"],
        [String(repeating: ",;=\"", count: 4000)],
    ])
    func `every other client gets JSON`(_ accept: [String]) {
        #expect(TicketFormat(accept: accept) == .json)
    }
}
