// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct Base64URLTests {
    @Test func `every value of up to 300 bytes is decoded back`() {
        var generator = SystemRandomNumberGenerator()
        for length in 0...300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(text.utf8.count == (length * 4 + 2) / 3)
        }
    }

    @Test func `of all texts of up to three characters, only canonical ones are decoded`() {
        let characters = Array(UInt8.min...UInt8.max)
        var accepted = 0
        for first in characters {
            for second in characters {
                let text = [first, second]
                guard let bytes = Base64URL.decode(text[...]) else { continue }
                accepted += 1
                #expect(Array(Base64URL.encode(bytes).utf8) == text)
            }
        }
        #expect(accepted == 256)
    }

    @Test(arguments: [
        "QQ==", "QQ=", "QUI=", "+/+/", "-_+_", "QQ\n", "Q Q", " QQ", "QQ ", "QR", "QUJ", "Q", "QUJDR", "QUJD\u{0}",
        "QUJ\u{e9}", "?UJD", "",
    ])
    func `padding, the standard alphabet, white space, stray bits and impossible lengths are refused`(text: String) {
        #expect((Base64URL.decode(text) == nil) == !text.isEmpty)
    }

    @Test func `a slice of a longer text is decoded alone`() {
        let text = Array("xx.QUJD.yy".utf8)
        #expect(Base64URL.decode(text[3..<7]) == Array("ABC".utf8))
    }
}
