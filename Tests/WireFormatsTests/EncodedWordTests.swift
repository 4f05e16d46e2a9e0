// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

struct EncodedWordTests {
    @Test func `a text beyond ASCII is one word of Base64`() {
        #expect(EncodedWord.encode("Zürich") == "=?UTF-8?B?WsO8cmljaA==?=")
        #expect(EncodedWord.encode("") == "=?UTF-8?B??=")
    }

    @Test func `a long text is several words of at most 75 bytes that split no character`() {
        let text = String(repeating: "é😀x", count: 100)
        let words = EncodedWord.encode(text).split(separator: " ")
        #expect(words.count > 1)
        for word in words {
            #expect(word.utf8.count <= 75)
            let bytes = Base64.decode(String(word.dropFirst(10).dropLast(2)))
            #expect(bytes.flatMap { String(validating: $0, as: UTF8.self) } != nil)
        }
        #expect(EncodedWord.decode(EncodedWord.encode(text)) == text)
    }

    @Test(arguments: ["", "a", "a b", "=", "?=", "a=b", "~!@#"])
    func `a text that a field carries stays as it is`(text: String) {
        #expect(EncodedWord.encodeIfNeeded(text) == text)
        #expect(EncodedWord.decode(text) == text)
    }

    @Test(arguments: [" a", "a ", " ", "a  b", "é", "=?UTF-8?B?WA==?=", "x =?", "a\tb"])
    func `a text that a sender or a decoder would change is encoded`(text: String) {
        let word = EncodedWord.encodeIfNeeded(text)
        #expect(word != text)
        #expect(EncodedWord.decode(word).utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: ["=?UTF-8?B?", "=?UTF-8?B?=", "=?UTF-8?B?!?=", "=?UTF-8?B?/w==?=", "=?UTF-8?Q?a?=", "=?UTF-8?B?WA==?= x"])
    func `what is not a word is not decoded`(text: String) {
        #expect(EncodedWord.decode(text) == text)
    }
}
