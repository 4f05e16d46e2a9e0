// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import UploadRules

struct KeyTemplateTests {
    private static let values = KeyTemplate.Values(
        uploader: Uploader(
            tenant: "acme", user: "u/1", issuer: "staff", attributes: [("org", "a/b"), ("team", "u/1")]),
        uuid: "0193-ab",
        contentType: "image/png",
        filename: "Me at home.JPG",
        filenames: FilenameForm(.ascii, hasHash: false),
        parameters: [("audit", "42"), ("id", "123E4567-E89B-12D3-A456-426614174000")],
        path: "site/My css/a.png",
        day: CivilTime(clamping: Date.newYear2026)
    )

    @Test(arguments: [
        ("{uuid}.{ext}", "0193-ab.png"), ("{filename}", "Me-at-home.JPG"), ("{yyyy}/{mm}/{dd}/{uuid}", "2026/01/01/0193-ab"),
        ("{user}/{tenant}-{uuid}", "u~2F1/acme-0193-ab"), ("files/{user}/a.b", "files/u~2F1/a.b"),
        ("{tenant}{tenant}", "acmeacme"),
        ("{issuer}/{user}/x", "staff/u~2F1/x"), ("{claim.org}/{claim.team}/x", "a~2Fb/u~2F1/x"),
        ("ü/{uuid}", "ü/0193-ab"), ("a b/{uuid}", "a b/0193-ab"),
    ])
    func `placeholders are replaced by their values`(text: String, key: String) throws {
        let prefix = try KeyTemplate(parsing: "{tenant}/", as: .keyPrefix, tenant: "acme")
        let name = try KeyTemplate(parsing: text, as: .keyName, tenant: "acme")
        #expect(try prefix.makeKey(name: name, Self.values).key.text == "acme/" + key)
    }

    private static let parameters = [UploadParameter(name: "audit", kind: .digits), UploadParameter(name: "id", kind: .uuid)]

    @Test(
        arguments: [
            ("{audit}/{uuid}", "42/0193-ab"), ("x/{audit}", "x/42"),
            ("{id}/{audit}/x", "123e4567-e89b-12d3-a456-426614174000/42/x"),
            ("{path}/{filename}", "site/My-css/Me-at-home.JPG"), ("x/{path}/y/z", "x/site/My-css/y/z"),
            ("{path}/{audit}/{path.x}", nil), ("{audit}.csv", nil), ("x{audit}/y", nil), ("{path}", nil), ("x/{path}", nil),
            ("x{path}/y", nil), ("{path}x/y", nil), ("{path}.{ext}", nil), ("{path}{uuid}", nil), ("{path}/", nil),
            ("{path}//x", nil),
            ("{path}/{path}/x", nil), ("{other}/x", nil), ("{audit}{id}/x", nil), ("{path}/.", nil), ("{path}/../x", nil),
        ] as [(String, String?)])
    func `parameters are whole segments, and {path} is as many as there are folders`(text: String, key: String?) throws {
        let prefix = try KeyTemplate(parsing: "acme/", as: .keyPrefix, tenant: "acme")
        let name = try? KeyTemplate(parsing: text, as: .keyName, tenant: "acme", parameters: Self.parameters)
        #expect(try name.map { try prefix.makeKey(name: $0, Self.values).key.text } == key.map { "acme/" + $0 })
    }

    @Test(
        arguments: [
            (nil, ""), ("", ""), ("a.png", ""), ("/a.png", ""), ("site/a.png", "site/"), ("/site/a.png", "site/"),
            ("site/", "site/"),
            ("a\\b/c.png", "a/b/"), ("Größe/a.png", "Grosse/"), ("報告/照片/a.png", "file/file/"), (".git/a.png", "git/"),
            ("1/2/3/4/5/6/7/8/a.png", "1/2/3/4/5/6/7/8/"),
        ] as [(String?, String)])
    func `{path} has the folders of a path, and vanishes with its slash if there are none`(path: String?, folders: String) throws
    {
        let rule = try UploadRule.sample(keyPrefix: "a/{user}/{path}/b/", keyName: "{uuid}")
        let request = UploadRequest(contentType: "image/png", path: path)
        let key = try rule.admit(request, uploader: Uploader(tenant: "acme", user: "u1"), uuid: "0193", at: .newYear2026).key
        #expect(key.text == "a/u1/\(folders)b/0193")
    }

    @Test(arguments: [
        "a//b.png", "//b.png", "./b.png", "../b.png", "a/../b.png", "a/./b.png", "\\\\server\\b.png", "a/..\\b.png",
        "1/2/3/4/5/6/7/8/9/a.png", String(repeating: "/", count: 4000),
    ])
    func `a path with too many folders, or one that is empty or dots, is refused`(path: String) throws {
        let rule = try UploadRule.sample(keyPrefix: "a/{path}/", keyName: "{uuid}")
        let request = UploadRequest(contentType: "image/png", path: path)
        #expect(throws: Refusal.self) {
            try rule.admit(request, uploader: Uploader(tenant: "acme", user: "u1"), uuid: "0193", at: .newYear2026)
        }
        // A rule that does not use it ignores it.
        let other = try UploadRule.sample().admit(
            request, uploader: Uploader(tenant: "acme", user: "u1"), uuid: "0193", at: .newYear2026)
        #expect(other.key.text == "avatars/u1/0193.png")
    }

    @Test func `without {uuid} two paths never have one key`() throws {
        let rule = try UploadRule.sample(keyPrefix: "a/{path}/", keyName: "{filename}")
        let folders = [
            "a", "A", "a b", "a-b", "é", "e\u{301}", "e", "報告", "照片", ".a", "a.", "CON", "a-0123456789ab", "\u{202E}a", "file",
            "🎉",
        ]
        var random = SplitMix64(seed: 8)
        var keys: [ExactString: [UInt32]] = [:]
        for _ in 0..<20_000 {
            let path = (0..<Int.random(in: 0...3, using: &random)).map { _ in folders.randomElement(using: &random) ?? "a" }
            let request = UploadRequest(
                filename: "x.png", contentType: "image/png", path: (path + ["x.png"]).joined(separator: "/"))
            let key = try rule.admit(request, uploader: Uploader(tenant: "acme", user: nil), uuid: "0193", at: .newYear2026).key
                .text
            let normalised = UnicodeData.shared.nfc(path.joined(separator: "/")).map(\.value)
            #expect(keys.updateValue(normalised, forKey: ExactString(key)) ?? normalised == normalised, "\(path)")
            #expect(key.split(separator: "/", omittingEmptySubsequences: false).count == path.count + 2)
        }
    }

    @Test func `a template knows the bytes that every key begins with`() throws {
        func leading(_ text: String) throws -> String {
            String(decoding: try KeyTemplate(parsing: text, as: .keyPrefix, tenant: "acme").leadingBytes, as: UTF8.self)
        }
        #expect(try leading("a/b/{user}/c/") == "a/b/")
        #expect(try leading("{tenant}/x-{yyyy}/") == "acme/x-")
        #expect(try leading("{user}/") == "")
        #expect(try leading("a/") == "a/")
    }

    @Test(arguments: [
        "", "/", "/a/", "a", "a//b/", "a/./", "a/../b/", "../", "./", "a/$b/", "a/${filename}/", "a/{}/", "a/{user",
        "a/user}/", "a/{{user}}/",
        "a/{User}/", "a/{ user }/", "{user}x/", "x{user}/", "{user}{user}/", "{user}{filename}/", "{yyyy}{user}/",
        "a/.{user}/", "a/{user}./", "{path}", "a{path}/", "{path}a/", "{path}{user}/", "{audit}/", "{path}/{path}/",
        "a\u{0}/", "a\n/", "a\u{7F}/", "a\u{85}/", "a\u{2028}/", "{tenant}{user}/", "...../", "a/..../",
    ])
    func `prefixes that could put a key elsewhere are refused`(text: String) {
        #expect(throws: ValueError.self) { try KeyTemplate(parsing: text, as: .keyPrefix, tenant: "acme") }
    }

    @Test func `a key name must end in a file`() {
        for text in ["", "a/", "/a", "..", ".", "a/..", "a//b", "{user}.{ext}", "{uuid}-{user}"] {
            #expect(throws: ValueError.self) { try KeyTemplate(parsing: text, as: .keyName, tenant: "acme") }
        }
    }
}
