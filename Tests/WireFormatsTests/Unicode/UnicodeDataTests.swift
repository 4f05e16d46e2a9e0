// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import WireFormats

/// `test_unicode_tables.py` compares every character with another program's tables.
struct UnicodeDataTests {
    private static func nfc(_ text: String) -> [UInt32] { UnicodeData.shared.nfc(text).map(\.value) }

    private static func points(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    @Test(arguments: [
        ("", ""), ("me.png", "me.png"), ("e\u{301}", "é"), ("é", "é"), ("\u{212A}", "K"), ("\u{212B}", "Å"), ("\u{37E}", ";"),
        // Composed in steps, blocked by an equal class, and reordered.
        ("o\u{302}\u{301}", "ố"), ("a\u{301}\u{308}", "á\u{308}"), ("a\u{315}\u{300}", "à\u{315}"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("e\u{0}\u{301}", "e\u{0}\u{301}"),
        // Excluded from composition.
        ("\u{958}", "\u{915}\u{93C}"), ("\u{2ADC}", "\u{2ADD}\u{338}"), ("\u{FB1D}", "\u{5D9}\u{5B4}"),
        ("\u{344}", "\u{308}\u{301}"),
        // Hangul, by arithmetic.
        ("\u{1112}\u{1161}\u{11AB}", "한"), ("\u{D558}\u{11AB}", "한"), ("한\u{11AB}", "한\u{11AB}"), ("하\u{11A7}", "하\u{11A7}"),
        ("\u{1112}\u{301}\u{1161}", "\u{1112}\u{301}\u{1161}"),
    ])
    func `texts that are canonically equivalent have one form`(text: String, expected: String) {
        #expect(Self.nfc(text) == Self.points(expected))
        #expect(Self.nfc(expected) == Self.points(expected))
    }

    @Test func `random texts are normalised as the standard library does it, and once is enough`() {
        // Characters of Unicode 3.2, which every version normalises in the same way.
        let scalars: [Unicode.Scalar] = [
            "a", "e", "o", "q", ".", "\u{301}", "\u{302}", "\u{323}", "\u{338}", "\u{315}", "é", "ệ", "\u{1E9B}", "\u{1100}",
            "\u{1161}",
            "\u{11A8}", "가", "각", "\u{915}", "\u{93C}", "\u{94D}", "\u{FB2C}", "\u{1F82}", "\u{345}", "\u{3099}", "か", "\u{2126}",
            "\u{1D15F}", "\u{F900}", "中", "🎉",
        ]
        var random = SplitMix64(seed: 4)
        for _ in 0..<20_000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) { view.append(scalars.randomElement(using: &random) ?? "a") }
            let text = String(view)
            let normalised = UnicodeData.shared.nfc(text)
            let result = String(String.UnicodeScalarView(normalised))
            // Strings are equal if they are canonically equivalent.
            #expect(result == text, "\(Self.points(text))")
            #expect(UnicodeData.shared.nfc(result) == normalised)
        }
    }

    @Test(
        arguments: [
            ("é", "e"), ("Ä", "A"), ("ß", "ss"), ("ẞ", "SS"), ("ø", "o"), ("ǿ", "o"), ("ł", "l"), ("đ", "d"), ("Æ", "AE"),
            ("œ", "oe"),
            ("ı", "i"), ("İ", "I"), ("þ", "th"), ("ﬁ", "fi"), ("ệ", "e"), ("ſ", "s"), ("Ａ", "A"), ("１", "1"), ("\u{301}", ""),
            ("-", "-"),
            ("報", nil), ("ё", nil), ("🎉", nil), ("\u{200D}", nil), ("\u{FE0F}", nil), ("²", nil),
        ] as [(Unicode.Scalar, String?)])
    func `Latin letters have a form in ASCII`(scalar: Unicode.Scalar, ascii: String?) {
        #expect(UnicodeData.shared.asciiForm(of: scalar) == ascii.map { Array($0.utf8) })
    }

    @Test func `every form in ASCII is a letter or a digit, or a character of ASCII`() {
        for point in 0x80...0x10FFFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(point), let form = UnicodeData.shared.asciiForm(of: scalar) else { continue }
            #expect(form.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && form.count <= 3)
            #expect(!form.contains { "/\\.$".utf8.contains($0) }, "\(point)")
        }
    }

    @Test func `no invisible character is a letter or a mark`() {
        let invisible: [ClosedRange<UInt32>] = [
            0...0x2F, 0x7F...0xA9, 0xAD...0xAD, 0x34F...0x34F, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x2000...0x206F,
            0x3164...0x3164, 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xFE00...0xFE0F, 0xFEFF...0xFEFF, 0xFFA0...0xFFA0, 0xFFF0...0xFFFF,
            0x1D173...0x1D17A, 0xE0000...0x10FFFF,
        ]
        for point in invisible.joined() {
            guard let scalar = Unicode.Scalar(point) else { continue }
            #expect(!UnicodeData.shared.isLetterOrDigit(scalar) && !UnicodeData.shared.isMark(scalar), "\(point)")
        }
        #expect(UnicodeData.shared.isLetterOrDigit("報") && UnicodeData.shared.isMark("\u{301}"))
    }

    /// Insertion into a long run would take minutes here.
    @Test func `a long run of marks is sorted, and equal classes keep their order`() {
        let marks = String(repeating: "\u{315}\u{302}\u{301}\u{323}", count: 10_000)
        let normalised = UnicodeData.shared.nfc("q" + marks).map(\.value)
        #expect(normalised.count == 40_001)
        #expect(Array(normalised[1...10_000]) == [UInt32](repeating: 0x323, count: 10_000))
        #expect(Array(normalised[10_001...10_004]) == [0x302, 0x301, 0x302, 0x301])
    }
}
