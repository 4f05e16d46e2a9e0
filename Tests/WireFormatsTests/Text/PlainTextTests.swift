// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct PlainTextTests {
    @Test func `a text has 1 byte to the limit`() throws {
        for text in ["a", "four", "éé"] { #expect(try PlainText.parse(text, what: "note", atMost: 4) == text) }
        #expect(throws: ValueError.self) { try PlainText.parse("", what: "note", atMost: 4) }
        for text in ["fives", "ééé"] {
            let error = #expect(throws: ValueError.self) { try PlainText.parse(text, what: "note", atMost: 4) }
            #expect(error?.message == "note is longer than 4 bytes")
        }
    }

    @Test func `the limit is 256 bytes, and 1024 for the value of a field`() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(try PlainText.parse(text(256), what: "note").utf8.count == 256)
        #expect(throws: ValueError.self) { try PlainText.parse(text(257), what: "note") }
        #expect(try PlainText.fieldValue(text(1024), what: "note").utf8.count == 1024)
        #expect(throws: ValueError.self) { try PlainText.fieldValue(text(1025), what: "note") }
    }

    @Test(arguments: [
        ("\u{0}", true), ("a\n", true), ("\u{1F}", true), (" ", false), ("~", false), ("\u{7F}", true), ("\u{80}", true),
        ("\u{9F}", true), ("\u{A0}", false), ("é", false), ("\u{2027}", false), ("\u{2028}", true), ("\u{2029}", true),
        ("\u{202A}", false), ("日本🎉", false),
    ])
    func `controls are C0, DEL, C1 and the line and paragraph separators`(text: String, hasControls: Bool) {
        #expect(PlainText.hasControls("a\(text)b") == hasControls)
    }

    @Test(arguments: [("${", true), ("a${filename}", true), ("$ {", false), ("{$", false), ("$", false), ("$${", true)])
    func `only a dollar sign with a brace behind it expands`(text: String, expands: Bool) {
        #expect(PlainText.expands(text) == expands)
    }
}
