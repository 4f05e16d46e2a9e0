// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import UploadRules

struct ContentTypeListTests {
    private static let unknown = "application/octet-stream"

    /// What is signed; nil if the list refuses.
    private func signed(_ patterns: [String], _ type: String, _ filename: String? = nil) -> String? {
        try? ContentTypeList(patterns: patterns).match(type, filename: filename).type.value
    }

    private func refusal(_ patterns: [String], _ type: String, _ filename: String? = nil) -> Refusal.RefusedType? {
        do throws(Refusal) {
            _ = try ContentTypeList(patterns: patterns).match(type, filename: filename)
            return nil
        } catch {
            guard case .contentTypeNotAllowed(let refused, _) = error else { return nil }
            return refused
        }
    }

    private func family(_ type: String) -> String { type.prefix { $0 != "/" } + "/*" }

    // MARK: Lists

    @Test(arguments: [
        "image/svg+xml", "text/html", "application/xhtml+xml", "text/xml", "application/xml", "application/rss+xml",
        "application/atom+xml", "application/mathml+xml", "text/javascript", "application/javascript", "application/x-javascript",
        "application/ecmascript", "text/ecmascript", "text/jscript", "text/livescript", "text/javascript1.5", "text/xsl",
        "text/vbscript", "foo/xml", "foo/html", "image/x+xml", "message/rfc822", "multipart/x-mixed-replace",
        "application/x-shockwave-flash", "image/svg", "image/svg-xml", "text/x-html", "application/xhtml", "text/rdf",
        "application/rdf+xml", "application/xslt+xml", "application/vnd.wap.xhtml+xml", "application/mhtml", "multipart/related",
        "text/x-component", "text/x-scriptlet", "text/vbs", "text/cache-manifest", "application/x-webarchive",
    ])
    func `a wildcard does not allow a type that browsers run, but its name does`(type: String) {
        let registered = ContentTypeList.registeredName(of: type) ?? type
        for patterns in [["*/*"], [family(type)], [family(registered)], [family(type), "*/*", "image/png"]] {
            #expect(signed(patterns, type) == nil)
            #expect(signed(patterns, type.uppercased(), "x.png") == nil)
        }
        #expect(signed([type], type) == registered)
        #expect(signed(["*/*", type], type) == registered)
    }

    @Test func `a list allows the types that it names, and families of them`() {
        let list = ["image/*", "application/pdf"]
        for type in ["image/png", "image/x-anything", "application/pdf"] { #expect(signed(list, type) == type) }
        for type in ["application/pdfx", "video/mp4", "imagex/png", "image"] { #expect(signed(list, type) == nil) }
        #expect(ContentTypeList(patterns: list).patterns == list)
        for other in ["image/pngx", "image/png-x", "image/pn", "image/", "image/jpeg", "ximage/png", "png", ""] {
            #expect(signed(["image/png"], other) == nil, "\(other)")
        }
        for type in ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/plain"] {
            #expect(signed(["*/*"], type) == type)
        }
    }

    // MARK: Other names

    private static let otherNames = MediaTypeNames.otherNames.sorted { $0.key < $1.key }.flatMap { registered, names in
        names.split(separator: " ").map { (registered, String($0)) }
    }

    @Test(arguments: otherNames)
    func `another name counts as the registered type and becomes it`(registered: String, name: String) throws {
        #expect(MediaTypeNames.resolve(registered).name == registered && MediaTypeNames.twin(of: name) == nil)
        #expect(MediaType(name)?.essence == name && MediaType(registered)?.essence == registered)
        for rule in [[registered], [name], ["a/b", name, registered]] {
            #expect(signed(rule, name) == registered)
            #expect(signed(rule, name.uppercased() + ";charset=UTF-8") == registered + "; charset=utf-8")
            #expect(signed(rule, registered) == registered)
            #expect(ContentTypeList(patterns: rule).patterns.filter { $0 == registered }.count == 1)
        }
        let expected = MediaTypeNames.isScriptCapable(registered) ? nil : registered
        #expect(signed([family(registered)], name) == expected)
        #expect(signed(["a/b"], name) == nil)
        let rule = try UploadRule.sample(keyPrefix: "a/", contentTypes: [name])
        let admission = try rule.admit(
            UploadRequest(contentType: name), uploader: Uploader(tenant: "acme", user: nil), uuid: "1", at: .newYear2026)
        #expect(admission.key.text == "a/1.\(FileExtension.of(contentType: registered))")
        #expect(admission.fields.first?.value == registered && admission.contentType == registered)
    }

    @Test(arguments: MediaTypeNames.twins)
    func `of two names in use the rule's is signed, and the client's if the rule has a wildcard`(one: String, other: String) {
        for (listed, named) in [(one, other), (other, one)] {
            #expect(signed([listed], named) == listed)
            #expect(signed([listed, named], named) == named)
            #expect(signed([family(named)], named) == named)
            #expect(FileExtension.of(contentType: named) != "bin")
        }
    }

    @Test func `a name is no other name of two types`() {
        #expect(Set(Self.otherNames.map(\.1)).count == Self.otherNames.count)
    }

    // MARK: Unknown types

    @Test(arguments: ["", "application/octet-stream", "Application/Octet-Stream", "binary/octet-stream"])
    func `a type that says nothing is decided by the file's ending`(type: String) {
        for (essence, endings) in FileExtension.usual where essence != Self.unknown {
            let isScript = MediaTypeNames.isScriptCapable(essence)
            for ending in endings.split(separator: " ") {
                for name in ["x.\(ending)", "Ü.b.\(ending.uppercased())", "C:\\a.b\\c.\(ending)", "..\(ending)"] {
                    #expect(signed([essence], type, name) == (isScript ? nil : essence), "\(name)")
                    #expect(signed(["a/b", essence, Self.unknown], type, name) == (isScript ? Self.unknown : essence))
                }
                #expect(signed([essence], type, "x.\(ending).txt0") == nil)
                #expect(signed([essence], type, String(ending)) == nil)
                #expect(signed([essence], type, ".\(ending)") == nil)
            }
        }
    }

    @Test(arguments: ["", "application/octet-stream"])
    func `a family allows the types that have the ending`(type: String) {
        #expect(signed(["image/*"], type, "IMG_0001.HEIC") == "image/heic")
        #expect(signed(["*/*"], type, "part.step") == "model/step")
        #expect(signed(["audio/*"], type, "a.mp4") == "audio/mp4")
        #expect(signed(["*/*"], type, "a.svg") == Self.unknown)
        #expect(signed(["image/*"], type, "a.svg") == nil)
        #expect(signed(["*/*"], type, "genome.bam") == Self.unknown)
        #expect(signed(["*/*"], type) == Self.unknown)
        #expect(signed(["application/*"], type) == Self.unknown)
        #expect(signed([Self.unknown], type) == Self.unknown)
        #expect(signed(["image/*"], type) == nil)
    }

    @Test func `an ending of two allowed types decides nothing`() throws {
        let types = ["audio/mp4", "video/mp4"]
        #expect(refusal(types, "", "a.mp4") == .unnamed(.several(ending: "mp4", types: types)))
        #expect(signed(types + [Self.unknown], "", "a.mp4") == Self.unknown)
        #expect(signed(["*/*"], "", "a.mp4") == Self.unknown)
        let name = try #require(MediaTypeName(Self.unknown))
        #expect(refusal(types, Self.unknown, "a.mp4") == .type(name, .several(ending: "mp4", types: types)))
        let refusal = Refusal.contentTypeNotAllowed(.type(name, .several(ending: "mp4", types: types)), allowed: types)
        #expect(
            refusal.detail
                == "\"application/octet-stream\" may not be uploaded here, and a file that ends in \".mp4\" can be audio/mp4 "
                + "or video/mp4; send the right one as \"contentType\"; allowed: audio/mp4, video/mp4.")
    }

    @Test(arguments: ["", "application/octet-stream", "text/plain"])
    func `a type that browsers run must be named`(type: String) {
        let listed = ["image/svg+xml", "text/html", "text/xml", "text/javascript", "application/vnd.acme+xml"]
        let list = ContentTypeList(patterns: listed, endings: ["application/vnd.acme+xml": ["acme"]])
        for ending in ["svg", "html", "htm", "xml", "js", "acme"] {
            #expect(throws: Refusal.self) { try list.match(type, filename: "a.\(ending)") }
        }
        #expect(refusal(listed, "", "a.svg") == .unnamed(.scriptCapable(ending: "svg", type: "image/svg+xml")))
        #expect(signed(listed, "image/svg+xml", "a.svg") == "image/svg+xml")
        #expect(signed(listed + ["*/*"], "", "a.svg") == Self.unknown)
    }

    // MARK: Types that systems give in error

    private static let mistakes = FileExtension.mistakes.sorted { $0.key < $1.key }.flatMap { ending, types in
        types.split(separator: " ").map { (ending, String($0)) }
    }

    @Test(arguments: mistakes)
    func `a type that a system gives in error is replaced by the ending's, unless the rule allows it`(
        ending: String, mistaken: String
    ) {
        #expect(MediaTypeNames.resolve(mistaken).name == mistaken, "the table has registered names")
        for right in FileExtension.types(of: ending) where !MediaTypeNames.isScriptCapable(right) {
            #expect(signed([right], mistaken, "a.\(ending)") == right)
            #expect(signed([right, mistaken], mistaken, "a.\(ending)") == mistaken)
            #expect(signed([right, family(mistaken)], mistaken, "a.\(ending)") == (mistaken))
            guard right != mistaken else { continue }
            #expect(signed([right], mistaken, "a.zzz") == nil)
            #expect(signed([right], mistaken, "a.\(ending).zzz") == nil)
            #expect(signed([right], mistaken) == nil)
        }
    }

    @Test func `a charset is kept only for text`() {
        #expect(signed(["text/csv"], "text/plain; charset=utf-8", "a.csv") == "text/csv; charset=utf-8")
        #expect(signed(["application/json"], "text/plain; charset=utf-8", "a.json") == "application/json")
    }

    // MARK: Endings that a rule gives

    @Test func `a rule's own ending belongs to its type alone, and becomes {ext}`() throws {
        let list = ContentTypeList(
            patterns: ["*/*", "application/dicom", "text/csv", Self.unknown],
            endings: ["application/dicom": ["dcm", "dicom", "csv"], Self.unknown: ["bin", "bam"]])
        for (type, name, essence, ending) in [
            ("", "a.dcm", "application/dicom", "dcm"), ("", "a.DICOM", "application/dicom", "dicom"),
            ("", "a.csv", "application/dicom", "csv"), ("text/plain", "a.csv", "text/plain", nil),
            ("application/dicom", "a.dicom", "application/dicom", "dicom"),
            ("application/dicom", "a.xyz", "application/dicom", "dcm"),
            ("application/dicom", nil, "application/dicom", "dcm"), ("text/csv", "a.dcm", "text/csv", "csv"),
            ("", "genome.bam", Self.unknown, "bam"), (Self.unknown, "genome.bam", Self.unknown, "bam"),
            (Self.unknown, "genome.xyz", Self.unknown, "bin"), ("", "a.heic", "image/heic", nil),
        ] as [(String, String?, String, String?)] {
            let match = try list.match(type, filename: name)
            #expect(match.type.essence == essence && match.ending == ending, "\(type) \(name ?? "-")")
        }
        #expect(list.hasSeveralEndings)
    }

    @Test func `without endings of the rule, {ext} depends on the type alone`() throws {
        let rule = try UploadRule.sample(
            keyPrefix: "avatars/{user}/", keyName: "avatar.{ext}", contentTypes: ["image/*", "text/plain", "a/b", Self.unknown])
        #expect(!rule.usesFilename)
        for (type, ending) in [
            ("image/jpeg", "jpg"), ("image/tiff", "tif"), ("text/plain", "txt"), ("a/b", "bin"), ("image/x-unheard-of", "bin"),
        ] {
            for name in [nil, "a", "a.jpeg", "a.html", "a.tiff", "a.\(String(repeating: "x", count: 50))"] {
                let admission = try rule.admit(
                    UploadRequest(filename: name, contentType: type), uploader: Uploader(tenant: "acme", user: "u"), uuid: "1",
                    at: .newYear2026)
                #expect(admission.key.text == "avatars/u/avatar.\(ending)")
            }
        }
        let several = try UploadRule.sample(
            keyName: "avatar.{ext}", contentTypes: ["image/jpeg"], endings: ["image/jpeg": ["jpg", "jpeg"]])
        #expect(several.usesFilename)
        #expect(try !UploadRule.sample(contentTypes: ["image/jpeg"], endings: ["image/jpeg": ["jpeg"]]).usesFilename)
    }

    @Test func `the usual ending is one that nothing runs, but for types that browsers run`() {
        for (type, endings) in FileExtension.usual {
            for ending in endings.split(separator: " ") { #expect(FileExtension.isEnding(String(ending))) }
            let usual = FileExtension.of(contentType: type)
            #expect(!FileExtension.isRun(usual) || MediaTypeNames.isScriptCapable(type), "\(type) \(usual)")
            #expect(MediaTypeNames.resolve(type).name == type, "\(type)")
        }
    }

    @Test(arguments: [
        "html", "svg", "php", "php2", "php8", "phpt", "phtml", "phar", "asp", "aspx", "asa", "cer", "cdx", "cshtml", "config",
        "jsp",
        "jspx", "cgi", "shtml", "stm", "htaccess", "hta", "htc", "wsf", "sct", "mht", "mhtml", "svgz", "xht", "xaml",
        "webarchive",
    ])
    func `an ending of files that are run is only for types that browsers run`(ending: String) throws {
        for type in ["application/octet-stream", "application/pkix-cert", "text/plain"] {
            #expect(throws: ValueError.self) { try ContentTypeList.parseEnding(ending, of: type) }
        }
        #expect(try ContentTypeList.parseEnding(ending, of: "text/html") == ending)
    }

    @Test func `a certificate has an ending that nothing runs`() throws {
        let list = ContentTypeList(patterns: ["application/*"])
        #expect(try list.match("", filename: "ca.cer").type.essence == "application/pkix-cert")
        #expect(FileExtension.of(contentType: "application/pkix-cert") == "crt")
    }

    @Test(arguments: [
        "", "a", "a.", ".", "..", "a.b/", "a.png/", "a.png ", "a.png.", "a.p\u{301}ng", "a.p\u{0}ng", "a.png\u{0}", "a.png\n",
        "a.png\u{202E}", "a.\u{212A}ml", "a.PN\u{131}", "a.ｐｎｇ", "a.png${filename}", "a.png;x=1", "a.png?x", "png", ".png",
        "dir/.png", "dir\\.png", "a.png\u{FEFF}", "a." + String(repeating: "x", count: 1_000_000),
    ])
    func `other ends of a name are no ending`(name: String) {
        #expect(FileExtension.ofFile(named: name).map { $0 == "png" || $0 == "kml" } != true)
        #expect(signed(["image/png", Self.unknown], "", name) == Self.unknown)
    }

    // MARK: Any rule, any request

    @Test func `the signed type is one that the rule admits, and one that browsers run is named by both`() throws {
        var generator = SplitMix64(seed: 23)
        let endings = FileExtension.usual.values.flatMap { $0.split(separator: " ").map(String.init) } + ["zzz", "php", "bam"]
        let types =
            Array(FileExtension.usual.keys.sorted()) + Self.otherNames.map(\.1) + Self.mistakes.map(\.1) + ["a/b", "x/xml"]
        let sorted = endings.sorted()
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &generator) ?? "" }
        var (admitted, replaced) = (0, 0)
        for _ in 0..<20_000 {
            let ending = pick(sorted)
            // Types that have to do with the ending meet more often.
            let near =
                FileExtension.types(of: ending) + (FileExtension.mistakes[ending]?.split(separator: " ").map(String.init) ?? [])
            func type() -> String { Bool.random(using: &generator) && !near.isEmpty ? pick(near) : pick(types) }
            let patterns = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                switch Int.random(in: 0..<8, using: &generator) {
                case 0: "*/*"
                case 1: family(type())
                case 2: Self.unknown
                default: type()
                }
            }
            var own: [String: [String]] = [:]
            if Int.random(in: 0..<4, using: &generator) == 0, let pattern = patterns.first(where: { !$0.hasSuffix("*") }) {
                own[pattern] = [ending]
            }
            let named = ["", Self.unknown, type(), type()].randomElement(using: &generator) ?? ""
            let list = ContentTypeList(patterns: patterns, endings: own)
            guard let match = try? list.match(named, filename: "file.\(ending)") else { continue }
            let essence = match.type.essence
            admitted += 1
            let names = patterns.map { ContentTypeList.registeredName(of: $0) ?? $0 }
            let isNamed = names.contains(essence)
            let isCovered = patterns.contains("*/*") || patterns.contains(family(essence))
            #expect(isNamed || isCovered, "\(patterns) \(named) \(ending): \(essence)")
            let registered = ContentTypeList.registeredName(of: named) ?? named
            if MediaTypeNames.isScriptCapable(essence) {
                #expect(isNamed && registered == essence, "\(patterns) \(named) \(ending): \(essence)")
            }
            if essence != registered && MediaTypeNames.twin(of: registered) != essence { replaced += 1 }
            #expect(match.ending.map { FileExtension.isEnding($0) } != false)
        }
        #expect(admitted > 5000 && replaced > 1000)
    }

    // MARK: For pages

    @Test func `accept has the types and the endings of their files`() {
        func accept(_ patterns: [String], _ endings: [String: [String]] = [:]) -> [String] {
            ContentTypeList(patterns: patterns, endings: endings).accept
        }
        #expect(accept(["image/jpg", "a/b"]) == ["image/jpeg", "a/b", ".jpg", ".jpeg", ".jpe", ".jfif"])
        #expect(
            accept(["application/dicom", "text/csv"], ["application/dicom": ["dcm", "dicom"]]) == [
                "application/dicom", "text/csv", ".dcm", ".dicom", ".csv",
            ])
        #expect(accept(["*/*", "image/png"]) == ["*/*"])
        #expect(accept(["image/vnd.microsoft.icon"]) == ["image/vnd.microsoft.icon", ".ico"])
        #expect(accept(["image/svg+xml"]) == ["image/svg+xml", ".svg", ".svgz"])
        let images = accept(["image/*"])
        #expect(images.first == "image/*" && images.contains(".heic") && images.contains(".png"))
        #expect(!images.contains(".svg") && !images.contains(".pdf") && Set(images).count == images.count)
    }

    @Test func `the endings of a type are the rule's, or those of the table`() {
        let list = ContentTypeList(patterns: ["text/csv", "image/*", "application/octet-stream"], endings: ["text/csv": ["tab"]])
        #expect(list.endings(of: "text/csv; charset=utf-8") == ["tab"])
        #expect(list.endings(of: "image/png") == ["png"])
        // Files of every ending can be of this type.
        #expect(list.endings(of: "application/octet-stream").isEmpty && list.endings(of: "image/x-example").isEmpty)
        let data = ContentTypeList(patterns: ["application/octet-stream"], endings: ["application/octet-stream": ["dat"]])
        #expect(data.endings(of: "application/octet-stream") == ["dat"])
    }

    @Test(arguments: [
        (["image/jpg"], "image/jpeg"), (["image/*"], nil), (["*/*"], nil), (["a/b", "a/c"], nil),
        (["image/jpg", "image/jpeg"], "image/jpeg"),
    ])
    func `a list of exactly one type has an only type`(patterns: [String], type: String?) {
        #expect(ContentTypeList(patterns: patterns).onlyType == type)
    }

    @Test(arguments: [
        (["image/png", "text/plain"], "text/plain", "txt"), (["*/*"], "text/plain", "txt"), (["text/*"], "text/plain", "txt"),
        (["image/jpeg", "image/png"], "image/jpeg", "jpg"), (["image/*"], nil, nil), (["x/y"], "x/y", "bin"),
        (["x/*"], "x/x-example", "bin"),
    ])
    func `the list has an example of a type and an ending`(patterns: [String], type: String?, ending: String?) throws {
        let list = ContentTypeList(patterns: patterns)
        let example = list.example
        #expect(type == nil || (example.type, example.ending) == (type, ending))
        #expect(try list.match(example.type, filename: "hello.\(example.ending)").type.essence == example.type)
    }

    @Test func `the example has an ending that the rule gives to the type`() {
        let list = ContentTypeList(patterns: ["application/dicom"], endings: ["application/dicom": ["dicom", "dcm"]])
        #expect(list.example == ("application/dicom", "dicom"))
    }
}
