// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import UploadRules

struct UserSegmentTests {
    private static func segment(_ user: String) -> String {
        var bytes: [UInt8] = []
        UserSegment.append(user, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("u1", "u1"), ("Ann-Marie_7", "Ann-Marie_7"), ("a.b", "a.b"), (".a", ".a"), ("a.", "a."), ("a..b", "a..b"),
        (".", "~2E"), ("..", "~2E~2E"), ("...", "~2E~2E~2E"), ("a/b", "a~2Fb"), ("../x", "..~2Fx"), ("~", "~7E"),
        ("~2E", "~7E2E"),
        ("a b", "a~20b"), ("a@b.example", "a~40b.example"), ("auth0|123", "auth0~7C123"), ("é", "~C3~A9"),
        ("e\u{301}", "e~CC~81"),
        ("\u{0}", "~00"), ("${filename}", "~24~7Bfilename~7D"), ("a\r\nb", "a~0D~0Ab"), ("🎉", "~F0~9F~8E~89"),
        ("%2F", "~252F"),
    ])
    func `letters, digits, _, - and inner dots stay, and every other byte becomes ~XX`(user: String, segment: String) {
        #expect(Self.segment(user) == segment)
    }

    @Test func `no two users have the same segment, even if their names are equal as text`() {
        let scalars: [Unicode.Scalar] = [
            "a", "A", "b", "0", "2", "E", "e", "\u{301}", "é", "\u{212A}", "K", "ﬁ", "ß", "İ", "\u{200D}", "\u{FEFF}", "\u{202E}",
            "🎉", "👩", "\u{1F3FD}",
            ".", "/", "\\", "~", "%", "-", "_", "$", "{", "}", " ", "\u{0}", "\n", "\r", "\u{7F}", "\u{85}", "\u{D7FF}",
            "\u{E000}", "\u{10FFFF}",
        ]
        var generator = SplitMix64(seed: 1)
        var users: [[UInt8]: String] = [:]
        for round in 0..<20_000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...(round % 3 == 0 ? 2 : 6), using: &generator) {
                let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &generator))
                view.append(round % 5 == 0 ? any ?? "x" : scalars.randomElement(using: &generator) ?? "x")
            }
            let user = String(view)
            var segment: [UInt8] = []
            UserSegment.append(user, to: &segment)
            if let other = users.updateValue(user, forKey: segment) {
                #expect(other.utf8.elementsEqual(user.utf8), "\(user.debugDescription) meets \(other.debugDescription)")
            }
            #expect(segment.allSatisfy { $0.isASCIILetterOrDigit || "._-~".utf8.contains($0) })
            #expect(segment.contains { $0 != UInt8(ascii: ".") })
            #expect(UserSegment.isValid(segment))
            #expect(Self.decode(segment) == Array(user.utf8))
        }
    }

    /// The inverse, written apart from the encoder.
    private static func decode(_ segment: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = segment[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "~") {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits == digits.uppercased(), let value = UInt8(digits, radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    @Test func `users who are equal as text but not as bytes have different folders`() throws {
        let rule = try UploadRule.sample(keyPrefix: "files/{yyyy}/{user}/", keyName: "{filename}")
        let users = [
            "é", "e\u{301}", "E", "e", "ｅ", "a/b", "a", "b", ".", "..", "a\u{0}", "\u{0}a", "K", "\u{212A}", "~4B", "a.", "a..",
        ]
        let keys = try users.map { user in
            try rule.admit(
                UploadRequest(filename: "x", contentType: "image/png"),
                uploader: Uploader(tenant: "acme", user: user),
                uuid: "0",
                at: Date(timeIntervalSince1970: 0)
            ).key.text
        }
        #expect(Set(keys.map { Array($0.utf8) }).count == users.count)
        for key in keys {
            #expect(key.hasPrefix("files/1970/"))
            #expect(key.split(separator: "/").count == 4, "\(key)")
        }
    }

    @Test(arguments: ["", ".", "..", "~shared", "~4b", "~41", "a~", "a b", "~C3", "~2E"])
    func `some segments belong to no user`(segment: String) {
        // ~41 is “A”, which stays; ~C3 alone is no UTF-8. ~2E is the user “.”.
        #expect(UserSegment.isValid(Array(segment.utf8)) == (segment == "~2E"))
    }
}
