// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import AWSCredentials

struct INIParserTests {
    private func values(_ text: String, of section: ExactString = "default") throws -> [String: String] {
        let sections = try INIParser.parse(Array(text.utf8))
        let found = try #require(sections.first { $0.name == section })
        return Dictionary(uniqueKeysWithValues: found.options.map { ($0.name.text, $0.value.text) })
    }

    @Test(arguments: [
        ("[default]\nregion = x", "x"), ("[default]\r\nregion = x\r\n", "x"), ("[default]\rregion = x\r", "x"),
        ("[default]\nregion=x\n", "x"), ("[default]\nREGION : x\n", "x"), ("[default]\n\tregion\t=\tx\t\n", "x"),
        ("[default]\nregion =\u{3000}x\u{1F}\n", "x"), ("[default]\nregion = x # y ; z\n", "x # y ; z"),
        ("[default]\nregion = a:b = c\n", "a:b = c"), ("[default]\nregion: a = b\n", "a = b"), ("[default]\nregion =\n", ""),
        ("[default] ; behind\nregion = x\n", "x"), ("# c\n\n  ; c\n[default]\n  # c\nregion = x\n", "x"),
        ("[default]\nregion = \"x\"\n", "\"x\""), ("[default]\nregion = %(x)s\n", "%(x)s"),
        ("[default]\nregion = a\n  b\n\tc\n", "a\nb\nc"), ("[default]\nregion = a\n\n  b\n\n\n", "a\n\nb"),
        ("[default]\nregion = a\n  # c\n  b\n", "a\nb"), ("[default]\nregion =\n  a = b\n", "\na = b"),
        ("[default]\n  region = a\n  output = b\n", "a"), ("[default]\n  region = a\n    output = b\n", "a\noutput = b"),
        ("[default]\nregion = a\n  [profile x]\n", "a\n[profile x]"), ("[default]\nregion = a\n\u{A0}b\n", "a\nb"),
    ])
    func `an option has a value`(text: String, expected: String) throws {
        #expect(try values(text)["region"] == expected)
    }

    @Test(arguments: [
        ("[a]", "a"), ("[ a ]", " a "), ("[a] # c", "a"), ("[a] x = y", "a"), ("[a] = [b]", "a] = [b"), ("[[a]]", "[a]"),
        ("[]]", "]"), ("[ ]", " "),
    ])
    func `a section's name is everything between the first and the last bracket`(line: String, expected: String) throws {
        #expect(try INIParser.parse(Array(line.utf8)).map(\.name.text) == [expected])
    }

    @Test func `options of DEFAULT belong to every section that does not set them, wherever it is`() throws {
        let text = "[DEFAULT]\na = 1\n[default]\nb = 2\n[DEFAULT]\nb = 3\nc = 4\n"
        #expect(try values(text) == ["a": "1", "b": "2", "c": "4"])
        #expect(try INIParser.parse(Array(text.utf8)).count == 1)
    }

    @Test func `names are compared by bytes`() throws {
        let text = "[default]\n\u{E9} = 1\ne\u{301} = 2\n[e\u{301}]\n[\u{E9}]\n"
        let sections = try INIParser.parse(Array(text.utf8))
        #expect(sections.count == 3)
        #expect(sections[0].options.count == 2)
    }

    @Test(arguments: [
        ("ÀB", "àb"), ("İ", "i\u{307}"), ("ΑΣΑ", "ασα"), ("Σ", "σ"), ("ẞ", "ß"),
    ])
    func `option names are lower-cased by the full mappings of Unicode`(name: String, expected: String) throws {
        let option = try #require(try INIParser.parse(Array("[a]\n\(name) = x".utf8)).first?.options.first)
        #expect(option.name == ExactString(expected))
    }

    @Test(arguments: [
        ("region = x\n", INISyntaxError.noSection(line: 1)), ("# c\n\nregion = x\n[default]\n", .noSection(line: 3)),
        ("\u{FEFF}[default]\n", .byteOrderMark), ("\n\u{FEFF}[default]\n", .noSection(line: 2)),
        ("[default\nregion = x\n", .noSection(line: 1)), ("[]\n", .noSection(line: 1)),
        ("[default]\nregion\n", .notAnOption(line: 2)), ("[default]\r\n= x\r\n", .notAnOption(line: 2)),
        ("[default]\n: x\njunk\n", .notAnOption(line: 2)), ("[default]\n[]\n", .notAnOption(line: 2)),
        ("[a]\nx = y\n[a]\n", .repeatedSection(line: 3, first: 1)),
        ("[a]\nx = y\nX: z\n", .repeatedOption(line: 3, first: 2)),
        ("[DEFAULT]\nx = y\n[DEFAULT]\nx = y\n", .repeatedOption(line: 4, first: 2)),
    ])
    func `the error of a broken file names the line`(text: String, expected: INISyntaxError) {
        #expect(throws: expected) { try INIParser.parse(Array(text.utf8)) }
    }

    @Test func `options of DEFAULT times sections are bounded`() throws {
        func text(_ sections: Int) -> [UInt8] {
            let defaults = (0..<1000).map { "a\($0) = 1\n" }.joined()
            return Array(("[DEFAULT]\n" + defaults + (0..<sections).map { "[s\($0)]\n" }.joined()).utf8)
        }
        #expect(try INIParser.parse(text(100)).count == 100)
        #expect(throws: INISyntaxError.tooManyDefaults(most: 100_000)) { try INIParser.parse(text(101)) }
    }

    @Test(arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: INISyntaxError.notUTF8) { try INIParser.parse(Array("[default]\n# ".utf8) + bytes) }
    }

    @Test func `names of nested values keep their case, and each line needs an equals sign`() throws {
        func value(_ text: String) throws -> ProfileValue? {
            try INIParser.parse(Array("[a]\ns3 =\n\(text)".utf8)).first?.options.first.flatMap { ProfileValue($0.value) }
        }
        #expect(try value("  A = b\n\n  c=d = e\n  =f\n") == .nested(["A": "b", "c": "d = e", "": "f"]))
        #expect(try value("  a = b\u{B}c = d\u{2028}e = f\u{1F}g\n") == .nested(["a": "b", "c": "d", "e": "f\u{1F}g"]))
        #expect(try value("  a: b\n") == nil)
        #expect(try value("\n") == .text(""))
    }
}
