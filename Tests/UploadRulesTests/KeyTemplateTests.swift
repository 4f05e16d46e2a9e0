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
        #expect(try prefix.makeKey(name: name, Self.values).text == "acme/" + key)
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
        "a/.{user}/", "a/{user}./",
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
