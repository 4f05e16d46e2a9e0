// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct EscapeTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b", "a%20b"), ("ü/%", "%C3%BC%2F%25"), ("\u{0}\u{7F}", "%00%7F"),
    ])
    func `bytes outside of the kept set are percent-encoded and decoded back`(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.component.encode(text) == encoded)
        #expect(PercentEncoding.component.decodeUTF8(encoded.utf8) == text)
    }

    @Test(arguments: ["%", "%4", "%4g", "a%", "%%41", "%ff", "%C3"])
    func `invalid escapes and invalid UTF-8 are refused`(_ text: String) {
        #expect(PercentEncoding.component.decodeUTF8(text.utf8) == nil)
    }

    @Test func `hexadecimal digits may be lower case, and other bytes are unchanged`() {
        #expect(PercentEncoding.component.decodeUTF8("%c3%bc+ä b".utf8) == "ü+ä b")
        #expect(PercentEncoding.component.decode("%ff".utf8) == [0xFF])
    }

    @Test func `the escape character can be changed`() {
        let encoding = PercentEncoding(keeping: ByteSet("ab"), escape: "~")
        #expect(encoding.encode("a~%b") == "a~7E~25b")
        #expect(encoding.decodeUTF8("a~7E~25b%".utf8) == "a~%b%")
    }

    @Test(arguments: ["", "0", "0g", "012", "é0", " 00"])
    func `hexadecimal is read in pairs of digits`(_ text: String) {
        #expect(Hexadecimal.decode(text) == (text.isEmpty ? [] : nil))
        #expect(Hexadecimal.decode("00fFAb9") == nil)
        #expect(Hexadecimal.decode("00fFAb") == [0, 0xFF, 0xAB])
    }

    @Test func `XML escapes keep characters that XML can have`() {
        #expect("a<b>&\"'\t\n\r".xmlEscaped() == "a&lt;b&gt;&amp;\"'\t\n&#13;")
        #expect("\"'".xmlEscaped(quotes: true) == "&quot;&apos;")
        #expect("\u{0}\u{1F}\u{FFFE}\u{FFFF}".xmlEscaped() == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
        let kept = "\u{7F}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"
        #expect(kept.xmlEscaped() == kept)
    }

    @Test func `HTML escapes keep every other character`() {
        #expect("a<b>&\"'\t&amp;".htmlEscaped == "a&lt;b&gt;&amp;&quot;&#39;\t&amp;amp;")
        let kept = "ä\u{7F}\u{D7FF}\u{E000}\u{FFFD}\u{FFFE}\u{FFFF}\u{10000}\u{10FFFF} e\u{301}"
        #expect(kept.htmlEscaped.utf8.elementsEqual(kept.utf8))
    }

    @Test func `ASCII classes are those of their characters`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let isASCII = byte < 0x80
            #expect(byte.isASCIIDigit == (isASCII && "0"..."9" ~= character))
            #expect(byte.isASCIILowercase == (isASCII && "a"..."z" ~= character))
            #expect(byte.isASCIIUppercase == (isASCII && "A"..."Z" ~= character))
            #expect(byte.isASCIILetter == (byte.isASCIILowercase || byte.isASCIIUppercase))
            #expect(byte.isASCIILetterOrDigit == (byte.isASCIILetter || byte.isASCIIDigit))
            #expect(byte.isVisibleASCII == ("!"..."~" ~= Unicode.Scalar(byte)))
            #expect(byte.isASCIIControl == (byte < 0x20 || byte == 0x7F))
            #expect(byte.asciiLowercased == (byte.isASCIIUppercase ? byte + 32 : byte))
            #expect(byte.hexDigitValue.map(Int.init) == (isASCII ? character.hexDigitValue : nil))
        }
    }

    @Test func `names are compared without the case of ASCII letters`() {
        #expect("Content-Type".equalsIgnoringASCIICase("content-tYPE"))
        #expect(!"key".equalsIgnoringASCIICase("key "))
        #expect(!"É".equalsIgnoringASCIICase("é"))
        #expect(!"K".equalsIgnoringASCIICase("\u{212A}"))
        #expect("X-Ignore-a".hasPrefixIgnoringASCIICase("x-ignore-") && !"x-ignore".hasPrefixIgnoringASCIICase("x-ignore-"))
        #expect("ÀB".asciiLowercased == "Àb")
    }
}
