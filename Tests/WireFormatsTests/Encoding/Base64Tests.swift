// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import WireFormats

struct Base64Tests {
    @Test func `bytes are encoded as by Foundation and decoded back, at every length`() {
        var random = SplitMix64(seed: 6)
        for count in 0..<700 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Base64.encode(bytes.span)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(text) == bytes)
            #expect(Hexadecimal.encode(bytes.span) == bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "=", "==", "====", "A===", "AB==", "AAB=", "AA=A", "A=AA", "AA==AAAA", "AAAA=", "AAAA==", "AA= =",
        " AAAA",
        "AAAA\n", "AAAA\r\n", "AA-A", "AA_A", "ÄAAA", "A\0AA", "AAAA====", "//==", "+/=",
    ])
    func `only canonical base64 is decoded`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func `the vectors of RFC 4648 are decoded`(text: String, expected: String) {
        #expect(Base64.decode(text) == Array(expected.utf8))
    }
}
