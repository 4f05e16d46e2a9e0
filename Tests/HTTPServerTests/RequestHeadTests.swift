// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct RequestHeadTests {
    private func head(_ target: String = "/", _ fields: [(String, String)] = []) -> RequestHead {
        RequestHead(method: .GET, target: target, fields: HTTPHeaders(fields), peer: nil, date: Date(timeIntervalSince1970: 0))
    }

    @Test(arguments: [
        ("/", "/"), ("/a/b", "/a/b"), ("/a?b", "/a"), ("/?", "/"), ("/a?b?c", "/a"), ("*", "*"), ("/%3F?x", "/%3F"), ("?", ""),
        ("", ""),
    ])
    func `a path is the target without its query`(_ target: String, _ path: String) {
        #expect(head(target).path == path)
    }

    @Test func `fields are found by their names in any case`() {
        let head = head("/", [("X-One", "1"), ("x-ONE", "2"), ("X-Two", ""), ("X_One", "3"), ("X-One2", "4"), ("X-On", "5")])
        #expect(head.values("x-one") == ["1", "2"])
        #expect(head.first("x-one") == "1")
        #expect(head.values("x-two") == [""])
        #expect(head.first("x-two") == "")
        #expect(head.values("x-three") == [])
        #expect(head.first("x-three") == nil)
    }

    @Test(arguments: [
        ("host", true), ("HOST", true), ("Host", true), ("hosts", false), ("hos", false), ("", false), ("ho\u{13}t", false),
        ("höst", false), ("h\u{4f}st", true), ("\u{8}ost", false),
    ])
    func `field names are compared without case`(_ name: String, _ isHost: Bool) {
        #expect(name.isField("host") == isHost)
    }

    @Test func `only ASCII letters have a case`() {
        for byte in UInt8(0)...0x7f {
            let name = String(decoding: [0x68, byte, 0x73, 0x74], as: UTF8.self)
            #expect(name.isField("host") == (byte == 0x6f || byte == 0x4f), "\(byte)")
            let other = String(decoding: [0x78, byte, 0x79], as: UTF8.self)
            #expect(other.isField("x-y") == (byte == 0x2d), "\(byte)")
        }
    }
}
