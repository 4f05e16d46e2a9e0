// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import UploadRules

struct SafeFilenameTests {
    private static func reduced(_ name: String) -> String {
        var bytes: [UInt8] = []
        SafeFilename.append(name, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("me.png", "me.png"), ("My Photo (1).JPG", "My-Photo-1.JPG"), ("résumé.pdf", "r-sum.pdf"), ("日本.png", "file.png"),
        ("../../etc/passwd", "passwd"), ("C:\\fakepath\\a.png", "a.png"), ("/", "file"), ("", "file"), (".", "file"),
        ("..", "file"),
        (".htaccess", "htaccess"), ("...a", "a"), ("a..b", "a.b"), ("a.tar.gz", "a.tar.gz"), ("a.", "a"), (".png", "png"),
        ("-rf", "rf"), ("a\u{0}.png", "a.png"), ("a\r\nb.txt", "a-b.txt"), ("${filename}", "filename"),
        ("{user}.x", "user.x"),
        ("a b  c.txt", "a-b-c.txt"), ("x.é", "x"), ("a.b c", "a.b-c"), ("é", "file"), ("~", "file"), ("a~b", "a-b"),
        ("_x_", "_x_"),
        ("a.verylongextensionindeed", "a.verylongextensionindeed"), ("a/", "file"), ("a-.png", "a.png"),
        ("🎉🎉.gif", "file.gif"),
    ])
    func `a reduced name stays readable`(name: String, key: String) {
        #expect(Self.reduced(name) == key)
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

    @Test(arguments: [
        ("image/png", "png"), ("image/jpeg", "jpg"), ("image/svg+xml", "svg"), ("text/plain; charset=utf-8", "txt"),
        ("application/x-unknown", "bin"), ("", "bin"), ("application/octet-stream", "bin"), ("video/quicktime", "mov"),
    ])
    func `{ext} follows the content type, not the file name`(type: String, ext: String) {
        #expect(FileExtension.of(contentType: type) == ext)
    }
}
