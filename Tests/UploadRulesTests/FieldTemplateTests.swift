// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import UploadRules
@testable import WireFormats

struct FieldTemplateTests {
    private static let id = "0193f2ab-0000-7000-8000-000000000000"

    private func template(_ text: String) throws(ValueError) -> FieldTemplate {
        try FieldTemplate(parsing: text, what: "the value", tenant: "acme", rule: "avatars")
    }

    private func rule(metadata: String? = nil, tag: String? = nil) throws -> UploadRule {
        let computed = try metadata.map { [MetadataRule.ComputedField(name: "x-amz-meta-a", value: try template($0))] } ?? []
        return try .sample(
            keyPrefix: "shared/",
            storage: .sample(
                tags: try tag.map { [Tag(key: "t", value: try template($0))] } ?? [],
                metadata: MetadataRule(fixed: [], computed: computed, allowed: ["m"])))
    }

    /// The value of a field of the form; nil if there is none.
    private func value(
        _ rule: UploadRule, _ field: String, filename: String? = nil, user: String? = "u1", issuer: String? = "staff",
        attributes: [(name: String, value: String)] = [("org", "o|1")], metadata: [(String, String)] = []
    ) throws(Refusal) -> String? {
        let uploader = Uploader(tenant: "acme", user: user, issuer: issuer, attributes: attributes)
        let request = UploadRequest(filename: filename, contentType: "image/png", metadata: metadata)
        let admission = try rule.admit(request, uploader: uploader, uuid: Self.id, at: .newYear2026)
        return admission.fields.first { $0.name == field }?.value
    }

    private func metadata(_ template: String, filename: String? = nil, user: String? = "u1") throws -> String? {
        try value(try rule(metadata: template), "x-amz-meta-a", filename: filename, user: user)
    }

    private func tag(_ template: String, filename: String? = nil, user: String? = "u1") throws -> String? {
        let document = try value(try rule(tag: template), "tagging", filename: filename, user: user)
        let start = "<Tagging><TagSet><Tag><Key>t</Key><Value>"
        let end = "</Value></Tag></TagSet></Tagging>"
        return document.flatMap {
            $0.hasPrefix(start) && $0.hasSuffix(end) ? String($0.dropFirst(start.count).dropLast(end.count)) : nil
        }
    }

    @Test(arguments: [
        ("{user}", "u1"), ("{issuer}", "staff"), ("{tenant}", "acme"), ("{claim.org}", "o|1"), ("{uuid}", id),
        ("{rule}", "avatars"),
        ("{filename}", "Übersicht 2026.png"), ("{yyyy}-{mm}-{dd}", "2026-01-01"), ("{ext}", "png"),
        ("a {user}/{rule}!", "a u1/avatars!"),
        ("{{user}", "{user}"), ("{{{user}}", "{u1}"), ("}", "}"), ("{\u{7B}\"a\": \"{user}\"}", "{\"a\": \"u1\"}"),
        ("§ {user}", "§ u1"),
        ("$ {user}$", "$ u1$"), ("{rule}{rule}", "avatarsavatars"),
    ])
    func `each placeholder has its value in metadata`(template: String, value: String) throws {
        #expect(try metadata(template, filename: "Übersicht 2026.png") == value)
    }

    @Test(arguments: ["a", "{{a}", "{rule}", "{tenant}-{rule}", "a}b"])
    func `a text whose value is always the same is a constant`(text: String) throws {
        #expect(try template(text).constant != nil)
        #expect(StorageSettings.sample(tags: [Tag(key: "t", value: try template(text))]).hasComputedFields == false)
    }

    @Test(arguments: [
        "{usr}", "{USER}", "{user", "{}", "{ user}", "${user}", "${filename}", "$" + "{{", "{claim.}", "{claim.ORG}", "{claim}",
        "\u{0}", "a\nb", "\u{85}", "{us\u{212A}}", "{rule\u{301}}",
    ])
    func `a text with another placeholder, with a control or with what S3 expands is refused`(text: String) {
        #expect(throws: ValueError.self) { try template(text) }
    }

    // MARK: Hostile values

    private static let pieces = [
        "a", "é", "e\u{301}", "报告", "🎉", "👨\u{200D}👩", "\u{202E}", "\u{0}", "\r\n", "\u{7F}", "\u{85}", "\u{9F}", "\u{2028}", "$",
        "{", "}",
        "${filename}", "{user}", "/", "\\", "..", ".", " ", "\u{A0}", "<&>", "\"", "'", "=?UTF-8?Q?=C3?=", "%2F", ".png",
        "\u{FFFF}", "\u{10FFFF}",
    ]

    @Test(arguments: 0..<4)
    func `a file name is whole, without controls and without what S3 expands`(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let (metadata, tag) = (try rule(metadata: "{filename}"), try rule(tag: "x {filename}"))
        for _ in 0..<500 {
            let name = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Self.pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let kept = String(Substring(SafeFilename.lastComponent(of: name))).unicodeScalars.filter {
                $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) && $0 != "\u{2028}"
            }
            let stored = try value(metadata, "x-amz-meta-a", filename: name) ?? ""
            #expect(!PlainText.hasControls(stored) && !PlainText.expands(stored))
            // Nothing else is lost.
            let all = String(String.UnicodeScalarView(kept)).trimmingCharacters(in: CharacterSet(charactersIn: " "))
            #expect(stored.utf8.filter { $0 != UInt8(ascii: "$") } == all.utf8.filter { $0 != UInt8(ascii: "$") })
            #expect(all.contains("${") || stored.hasSameBytes(as: all))
            let tagging = try #require(try value(tag, "tagging", filename: name))
            #expect(!PlainText.hasControls(tagging) && !PlainText.expands(tagging))
            #expect(!tagging.dropFirst(40).contains("&"))
        }
    }

    @Test(
        arguments: [
            ("\\$\\$\\${filename}", "{filename}"), ("a$$${b", "a{b"), ("$\u{0}{x", "{x"), ("a$", "a$"), ("  a b  ", "a b"),
            ("\u{1}", nil),
            ("C:\\fakepath\\Größe.png", "Größe.png"), ("x/y.png", "y.png"), ("", nil), ("\u{202E}gpj.exe", "\u{202E}gpj.exe"),
        ] as [(String, String?)])
    func `a file name is the last component, and without one there is no metadata`(name: String, stored: String?) throws {
        #expect(try metadata("{filename}", filename: name)?.utf8.elementsEqual((stored ?? "").utf8) ?? (stored == nil))
    }

    @Test func `a name that is too long keeps its extension`() throws {
        let long = String(repeating: "ü", count: 600) + ".tar.gz"
        let stored = try #require(try metadata("{filename}", filename: long))
        #expect(stored.utf8.count <= 765 && stored.utf8.count > 762 && stored.hasSuffix("ü.gz"))
        let name = String(repeating: "报", count: 255)
        #expect(try metadata("{filename}", filename: name) == name, "the longest name of a file system")
        let noExtension = "a." + String(repeating: "x", count: 2000)
        #expect(try metadata("{filename}", filename: noExtension)?.utf8.count == 765)
        let tagged = try #require(try tag("{user}: {filename}", filename: long))
        #expect((255...256).contains(tagged.utf8.count) && tagged.hasPrefix("u1: ü") && tagged.hasSuffix("ü.gz"))
        #expect((250...256).contains(try tag("{filename} {filename}", filename: long)?.utf8.count ?? 0))
    }

    @Test(arguments: ["a\u{0}", "a\n", "\u{85}", "\u{2028}", "${filename}", "a${", " a", "a ", "=?UTF-8?B?dTE=?=", "a=?b"])
    func `a user whose name a reader could take for another is not stored as metadata`(user: String) throws {
        for template in ["{user}", "{claim.org}"] {
            let rule = try rule(metadata: template)
            let error = #expect(throws: Refusal.self) {
                try value(rule, "x-amz-meta-a", user: user, attributes: [("org", user)])
            }
            #expect(user.contains("a") || error?.detail.contains(user) == false)
        }
    }

    @Test func `what two placeholders form together is not expanded either`() throws {
        #expect(throws: Refusal.self) { try metadata("{user}{filename}", filename: "{a}", user: "u$") }
        #expect(try metadata("{user} {filename}", filename: "{a}", user: "u$") == "u$ {a}")
    }

    @Test(arguments: ["auth0|65f", "a=b", "a=3Db", "ü", "u\u{308}", "a b", "$", "{", "\u{0}", "a/b", "~", "%", "+", "a@b.c"])
    func `two users never have the same tag`(user: String) throws {
        let tagged = try #require(try tag("{user}", user: user))
        #expect(tagged.utf8.allSatisfy { Tag.isAllowedASCII($0) })
        let encoding = PercentEncoding(keeping: .unreserved, escape: "=")
        #expect(encoding.decode(tagged.utf8) == Array(user.utf8))
    }

    @Test func `a tag that would be too long is refused`() throws {
        let user = String(repeating: "ü", count: 128)
        let error = #expect(throws: Refusal.self) { try tag("{user}", user: user) }
        #expect(error?.detail.contains("768 bytes") == true)
        #expect(try tag("{user}", user: String(repeating: "a", count: 256))?.utf8.count == 256)
    }

    @Test func `letters of every script stay in a tag, and what AWS refuses becomes an underscore`() throws {
        #expect(try tag("{filename}", filename: "Größe 报告 (1) e\u{301}, अब 50%.png") == "Größe 报告 _1_ e__ अब 50_.png")
    }

    // MARK: What a rule needs

    @Test(arguments: [(true, "{user}"), (false, "{user}")])
    func `a rule with a user in metadata or tags needs a user`(isTag: Bool, template: String) throws {
        let rule = isTag ? try rule(tag: template) : try rule(metadata: template)
        #expect(rule.usesUser)
        #expect(throws: Refusal.userRequired) { try value(rule, "x", user: nil) }
        #expect(throws: Refusal.self) { try value(rule, "x", user: "") }
        #expect(throws: Refusal.self) { try value(rule, "x", user: String(repeating: "a", count: 257)) }
        #expect(try !UploadRule.sample(keyPrefix: "a/").usesUser)
    }

    @Test func `a rule with a claim in metadata or tags needs the claim, and says which`() throws {
        for rule in [try rule(metadata: "{claim.org}"), try rule(tag: "{claim.org}")] {
            #expect(rule.attributes == ["org"])
            #expect(throws: Refusal.claimMissing("org")) { try value(rule, "x", attributes: [("Org", "1")]) }
        }
        #expect(try rule(metadata: "{filename}").usesFilename)
        #expect(try !rule(metadata: "{uuid}").usesFilename)
    }

    @Test func `all metadata together has at most 2048 bytes`() throws {
        let rule = try rule(metadata: "{filename}")
        let name = String(repeating: "n", count: 700)
        func stored(_ bytes: Int) throws -> String? {
            try value(rule, "x-amz-meta-a", filename: name, metadata: [("m", String(repeating: "x", count: bytes))])
        }
        #expect(try stored(2048 - 700 - 24) == name)
        #expect(throws: MetadataRule.tooLarge) { try stored(2048 - 700 - 23) }
    }
}
