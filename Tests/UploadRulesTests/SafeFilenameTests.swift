// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import UploadRules

struct SafeFilenameTests {
    private static func reduced(
        _ name: String, _ characters: FilenameForm.Characters = .ascii, hasHash: Bool = false
    ) -> String {
        var bytes: [UInt8] = []
        SafeFilename.append(name, as: FilenameForm(characters, hasHash: hasHash), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hash(_ name: String) -> String { String(DigestAlgorithm.sha256.hash(name.utf8).hexadecimal.prefix(12)) }

    @Test(arguments: [
        ("me.png", "me.png"), ("My Photo (1).JPG", "My-Photo-1.JPG"), ("résumé.pdf", "resume.pdf"), ("日本.png", "file.png"),
        ("../../etc/passwd", "passwd"), ("C:\\fakepath\\a.png", "a.png"), ("/", "file"), ("", "file"), (".", "file"),
        ("..", "file"), ("Größe.pdf", "Grosse.pdf"), ("Gro\u{308}ße.pdf", "Grosse.pdf"), ("Ærø Łódź.txt", "AEro-Lodz.txt"),
        ("Ärger über  Größe (final) v2.pdf", "Arger-uber-Grosse-final-v2.pdf"), ("Tiếng Việt.doc", "Tieng-Viet.doc"),
        (".htaccess", "htaccess"), ("...a", "a"), ("a..b", "a.b"), ("a.tar.gz", "a.tar.gz"), ("a.", "a"), (".png", "png"),
        ("-rf", "rf"), ("a\u{0}.png", "a.png"), ("a\r\nb.txt", "a-b.txt"), ("${filename}", "filename"),
        ("{user}.x", "user.x"), ("отчёт 7.docx", "7.docx"), ("\u{301}a.png", "a.png"), ("\u{212A}.png", "K.png"),
        ("a b  c.txt", "a-b-c.txt"), ("x.é", "x.e"), ("a.b c", "a.b-c"), ("é", "e"), ("~", "file"), ("a~b", "a-b"),
        ("_x_", "_x_"), ("CON", "CON"), ("NUL.txt", "NUL.txt"), ("a\u{202E}gpj.exe", "a-gpj.exe"), ("a≠b", "a-b"),
        ("a.verylongextensionindeed", "a.verylongextensionindeed"), ("a/", "file"), ("a-.png", "a.png"),
        ("🎉🎉.gif", "file.gif"),
    ])
    func `a reduced name stays readable`(name: String, key: String) {
        #expect(Self.reduced(name) == key)
    }

    @Test(arguments: [
        ("報告.pdf", "報告.pdf"), ("отчёт 7.docx", "отчёт-7.docx"), ("Größe.pdf", "Größe.pdf"), ("e\u{301}.png", "é.png"),
        ("हिन्दी.txt", "हिन्दी.txt"), ("می\u{200C}خواهم.txt", "می-خواهم.txt"), ("٣.pdf", "٣.pdf"), ("二〇二六年.pdf", "二〇二六年.pdf"),
        ("\u{301}a.png", "a.png"), ("a\u{202E}gpj.exe", "a-gpj.exe"), ("a\u{200B}b", "a-b"), ("ﬁ.x", "ﬁ.x"),
        ("a\u{FE0F}b", "a-b"),
        ("1\u{FE0F}\u{20E3}", "1"), ("🎉.gif", "file.gif"), ("a／b.png", "a-b.png"), ("＄｛a｝.png", "a.png"), ("a\u{3164}b", "a-b"),
        ("a.報告", "a.報告"), ("a.報告書報告書", "a.報告書報告書"), (".報告", "報告"), ("x/報告\\照片.png", "照片.png"),
    ])
    func `unicode keeps letters, digits and marks of every script`(name: String, key: String) {
        #expect(Self.reduced(name, .unicode).utf8.elementsEqual(key.utf8))
    }

    @Test func `a cut is neither inside of a character nor before its marks`() {
        // 33 characters of 3 bytes are 99, and one more does not fit.
        #expect(Self.reduced(String(repeating: "報", count: 40), .unicode) == String(repeating: "報", count: 33))
        let marked = String(repeating: "x", count: 99) + "q\u{323}"
        #expect(Self.reduced(marked, .unicode) == String(repeating: "x", count: 99))
        #expect(Self.reduced("q" + String(repeating: "\u{323}", count: 200), .unicode) == "file")
    }

    @Test(arguments: FilenameForm.Characters.allCases)
    func `without {uuid} a name that was changed has a hash after its stem`(characters: FilenameForm.Characters) {
        func key(_ name: String) -> String { Self.reduced(name, characters, hasHash: true) }
        #expect(key("me.png") == "me.png" && key("image.jpg") == "image.jpg" && key("a.tar.gz") == "a.tar.gz")
        #expect(key("My Photo.JPG") == "My-Photo-\(Self.hash("My Photo.JPG")).JPG")
        #expect(key("a.") == "a-\(Self.hash("a."))" && key(".a") == "a-\(Self.hash(".a"))")
        #expect(key("🎉.gif") == "file-\(Self.hash("🎉.gif")).gif")
        #expect(key("") == "file-\(Self.hash(""))" && key("file") == "file")
        // The whole name, with its folders: two folders have two files.
        #expect(key("site/css/index.html") == "index-\(Self.hash("site/css/index.html")).html")
        // A name that looks as if it had a hash gets one.
        for name in [
            "a-0123456789ab.png", "a-0123456789AB", "a.b-0123456789ab", "a-0123456789ab.x-0123456789ab", "x.a-0123456789ab",
        ] {
            #expect(key(name) != name && key(name).contains(Self.hash(name)), "\(name)")
        }
        for name in ["a-0123456789a.png", "a-0123456789abc.png", "a_0123456789ab.png", "0123456789ab.png", "a-0123456789ag.png"] {
            #expect(key(name) == name)
        }
        let long = String(repeating: "a", count: 101)
        #expect(key(long) == "\(long.prefix(87))-\(Self.hash(long))")
        #expect(key("\(long).jpeg") == "\(long.prefix(82))-\(Self.hash("\(long).jpeg")).jpeg")
    }

    @Test func `a name with accents has a hash in ASCII only`() {
        #expect(Self.reduced("Größe.pdf", hasHash: true) == "Grosse-\(Self.hash("Größe.pdf")).pdf")
        #expect(Self.reduced("Größe.pdf", .unicode, hasHash: true) == "Größe.pdf")
        #expect(Self.reduced("Gro\u{308}ße.pdf", hasHash: true) == Self.reduced("Größe.pdf", hasHash: true))
        #expect(Self.reduced("Gro\u{308}ße.pdf", .unicode, hasHash: true).utf8.elementsEqual("Größe.pdf".utf8))
    }

    @Test func `a reduced name has at most 100 bytes and its extension`() {
        let name = Self.reduced(String(repeating: "a", count: 300) + ".jpeg")
        #expect(name == String(repeating: "a", count: 95) + ".jpeg")
        #expect(Self.reduced(String(repeating: "a.", count: 300)).utf8.count <= 100)
    }

    @Test func `an extension of up to 16 bytes survives the cut, a longer one is part of the name`() {
        let stem = String(repeating: "a", count: 100)
        let ending = String(repeating: "e", count: 16)
        #expect(Self.reduced("\(stem).\(ending)") == "\(stem.prefix(83)).\(ending)")
        #expect(Self.reduced("\(stem).\(ending)e") == stem)
        // Without a cut the length of the extension does not matter.
        #expect(Self.reduced("a.\(ending)") == "a.\(ending)")
        #expect(Self.reduced("a.\(ending)e") == "a.\(ending)e")
    }

    @Test func `only a name of more than 100 bytes is cut`() {
        let stem = String(repeating: "a", count: 100)
        #expect(Self.reduced(stem) == stem)
        #expect(Self.reduced(stem + "a") == stem)
        #expect(Self.reduced("\(stem.prefix(96)).png") == "\(stem.prefix(96)).png")
        #expect(Self.reduced("\(stem.prefix(97)).png") == "\(stem.prefix(96)).png")
    }

    @Test func `random names become safe names, and reducing them again changes nothing`() {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "9", ".", ".", "-", "_", "/", "\\", " ", "~", "$", "{", "é", "\u{301}", "\u{0}", "\n", "🎉", "\u{202E}", "%",
        ]
        var generator = SplitMix64(seed: 2)
        for _ in 0..<20_000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...(Bool.random(using: &generator) ? 6 : 160), using: &generator) {
                view.append(scalars.randomElement(using: &generator) ?? "x")
            }
            let name = Self.reduced(String(view))
            #expect(!name.isEmpty && name.utf8.count <= 100)
            #expect(name.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._-".utf8.contains($0) })
            #expect(!name.hasPrefix(".") && !name.hasPrefix("-") && !name.contains(".."))
            #expect(Self.reduced(name) == name)
        }
    }

    // MARK: Names that never meet

    private static let alphabet: [Unicode.Scalar] = [
        "a", "b", "Z", "9", ".", ".", "-", "-", "_", "/", "\\", " ", "~", "$", "{", "}", "%", "é", "e", "\u{301}", "\u{323}", "ß",
        "s", "ø",
        "\u{0}", "\n", "\u{7F}", "\u{85}", "\u{2028}", "🎉", "\u{FE0F}", "\u{202E}", "\u{200B}", "\u{2066}", "\u{FEFF}", "報", "照",
        "ё",
        "\u{435}", "\u{308}", "ا", "ה", "क", "\u{93F}", "\u{94D}", "\u{200D}", "한", "\u{1112}", "\u{1161}", "\u{11AB}",
        "\u{212A}", "K",
        "\u{212B}", "Å", "\u{3164}", "\u{34F}", "𝒳", "\u{10FFFF}", "\u{E0001}", "ﬁ", "Ａ", "\u{FFFF}",
    ]
    private static let pieces = [
        "image", "file", "CON", "NUL", "COM1", ".png", ".tar.gz", "-0123456789ab", "-e3b0c44298fc", "..", "C:\\fakepath\\",
        "${filename}",
    ]

    private static func name(_ random: inout SplitMix64) -> String {
        var view = String.UnicodeScalarView()
        let most = [3, 6, 12, 300].randomElement(using: &random) ?? 3
        for _ in 0..<Int.random(in: 0...most, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: view += (pieces.randomElement(using: &random) ?? "").unicodeScalars
            case 1: view.append(Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) ?? "x")
            default: view.append(alphabet.randomElement(using: &random) ?? "a")
            }
        }
        return String(view)
    }

    @Test(arguments: FilenameForm.Characters.allCases, ["files/{user}/", "é/"])
    func `100,000 names have legal keys, which are equal only for names that are equal in form C`(
        characters: FilenameForm.Characters, prefix: String
    ) throws {
        let rule = try UploadRule.sample(keyPrefix: prefix, keyName: "{filename}", filenames: characters)
        let uploader = Uploader(tenant: "acme", user: "u1")
        var random = SplitMix64(seed: 12)
        var names: [ExactString: ExactString] = [:]
        for count in 0..<25_000 {
            var name = Self.name(&random)
            // The keys of earlier names are names too.
            if count.isMultiple(of: 10), let key = names.keys.randomElement(using: &random) {
                name = String(decoding: key.text.utf8.dropFirst(rule.keyPrefix.text == "é/" ? 3 : 9), as: UTF8.self)
            }
            let normalised = ExactString(String(String.UnicodeScalarView(UnicodeData.shared.nfc(name))))
            let request = UploadRequest(filename: name, contentType: "image/png")
            let key = try rule.admit(request, uploader: uploader, uuid: "0193", at: .newYear2026).key.text
            #expect(
                names.updateValue(normalised, forKey: ExactString(key)) ?? normalised == normalised, "\(name.debugDescription)")
            let segments = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            #expect(segments.count == prefix.utf8.split(separator: UInt8(ascii: "/")).count + 1)
            let file = String(decoding: Array(segments.last ?? Substring("").utf8), as: UTF8.self)
            #expect((1...100).contains(file.utf8.count) && !file.utf8.starts(with: ".".utf8) && !file.utf8.starts(with: "-".utf8))
            let isPlain = file.unicodeScalars.allSatisfy {
                "._-".unicodeScalars.contains($0) || UnicodeData.shared.isLetterOrDigit($0) || UnicodeData.shared.isMark($0)
            }
            #expect(isPlain, "\(file.debugDescription)")
            #expect(UnicodeData.shared.nfc(key) == Array(key.unicodeScalars))
            // The same name in form D, as macOS sends it.
            let decomposed = UploadRequest(
                filename: normalised.text.decomposedStringWithCanonicalMapping, contentType: "image/png")
            #expect(try rule.admit(decomposed, uploader: uploader, uuid: "0194", at: .newYear2026).key.text.hasSameBytes(as: key))
        }
    }

    @Test(arguments: [
        ("image/png", "png"), ("image/jpeg", "jpg"), ("image/svg+xml", "svg"), ("text/plain", "txt"),
        ("application/x-unknown", "bin"), ("", "bin"), ("application/octet-stream", "bin"), ("video/quicktime", "mov"),
    ])
    func `{ext} follows the content type, not the file name`(type: String, ext: String) {
        #expect(FileExtension.of(contentType: type) == ext)
    }
}
