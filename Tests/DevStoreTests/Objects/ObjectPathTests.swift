// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DevStore

struct ObjectPathTests {
    @Test(arguments: [
        ("images/u1/a.png", ["images", "u1", "a.png"]),
        ("a~2Fb_c-d.e", ["a~2Fb_c-d.e"]),
        ("../../etc/passwd", ["%2E%2E", "%2E%2E", "etc", "passwd"]),
        ("/etc/passwd", ["%", "etc", "passwd"]),
        ("a/./b", ["a", "%2E", "b"]),
        ("a//b/", ["a", "%", "b", "%"]),
        ("%2e%2e/x", ["%252e%252e", "x"]),
        ("...", ["..."]),
        ("\0", ["%00"]),
        ("a\\..\\b", ["a%5C..%5Cb"]),
        ("é", ["%C3%A9"]),
        ("e\u{301}", ["e%CC%81"]),
        ("%object", ["%25object"]),
        (".postern", [".postern"]),
        ("", ["%"]),
    ])
    func `every key becomes a path of safe names`(key: String, names: [String]) {
        #expect(ObjectPath(key: key).names == names)
    }

    @Test func `names are short, not special and without a slash, and no two keys share one`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("ab./%~\0é$\\ \u{301}".unicodeScalars)
        var seen: [[String]: [UInt8]] = [:]
        for _ in 0..<20_000 {
            var key = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                if let scalar = alphabet.randomElement(using: &random) { key.append(scalar) }
            }
            let bytes = Array(String(key).utf8)
            let names = ObjectPath(key: String(key)).names
            for name in names {
                #expect(!name.isEmpty && name != "." && name != ".." && name != ObjectPath.nameInOwnFolder)
                #expect(!name.utf8.contains(UInt8(ascii: "/")) && name.utf8.count <= 255)
            }
            if let other = seen.updateValue(bytes, forKey: names) {
                #expect(other == bytes)
            }
        }
    }

    @Test func `names over 200 bytes are shortened and stay different`() {
        let first = ObjectPath(key: String(repeating: "é", count: 500) + "1").names
        let second = ObjectPath(key: String(repeating: "é", count: 500) + "2").names
        #expect(first != second)
        #expect(first.allSatisfy { $0.utf8.count <= 200 })
    }
}
