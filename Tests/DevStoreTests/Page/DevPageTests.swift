// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import Testing
import WireFormats

@testable import DevStore

struct DevPageTests {
    private static let settings = DevPageSettings(
        token: "abc.def.ghi",
        api: "http://127.0.0.1:8080",
        store: "http://127.0.0.1:9000",
        folder: "/tmp/x",
        rulesFile: "/tmp/</script><!--<script>{{script}}\u{2028}é\"\\"
    )

    private let page = DevPage(settings: settings)

    /// The contents of the elements with that opening tag.
    private func contents(of tag: String, end: String) -> [String] {
        page.html.components(separatedBy: tag).dropFirst().compactMap { $0.components(separatedBy: end).first }
    }

    @Test func `the page has one style and one script, and only these are allowed, by their hashes`() {
        let script = contents(of: "<script>", end: "</script>")
        let style = contents(of: "<style>", end: "</style>")
        #expect(script.count == 1 && style.count == 1)
        for (directive, text) in [("script-src", script.first ?? ""), ("style-src", style.first ?? "")] {
            let hash = Data(DigestAlgorithm.sha256.hash(text.utf8)).base64EncodedString()
            #expect(page.contentSecurityPolicy.contains("\(directive) 'sha256-\(hash)';"))
        }
        #expect(page.contentSecurityPolicy.hasPrefix("default-src 'none'; "))
        #expect(!page.contentSecurityPolicy.contains("unsafe"))
        #expect(page.contentSecurityPolicy.contains("connect-src 'self' http://127.0.0.1:9000;"))
    }

    @Test func `the page loads nothing and has no inline handler or style that its policy would forbid`() {
        for forbidden in [
            "<link rel=\"stylesheet", " src=\"", "@import", "url(", " style=\"", " onclick=", " onload=", "javascript:",
        ] {
            #expect(!page.html.contains(forbidden), "\(forbidden)")
        }
        #expect(!page.html.contains("{{style}}") && !page.html.contains("{{settings}}"))
    }

    @Test func `settings cannot end their element and are read back unchanged`() throws {
        let element = try #require(contents(of: "<script type=\"application/json\" id=\"settings\">", end: "</script>").first)
        #expect(!element.contains("<"))
        let decoded = try #require(try JSONSerialization.jsonObject(with: Data(element.utf8)) as? [String: String])
        #expect(
            decoded == [
                "token": Self.settings.token, "api": Self.settings.api, "store": Self.settings.store,
                "folder": Self.settings.folder,
                "rulesFile": Self.settings.rulesFile,
            ]
        )
    }

    @Test func `the page, which has a token, is not cached, framed or sniffed`() {
        let response = page.response()
        #expect(response.status == 200)
        #expect(response.fields["Content-Type"] == "text/html; charset=utf-8")
        #expect(response.fields["Cache-Control"] == "no-store")
        #expect(response.fields["X-Content-Type-Options"] == "nosniff")
        #expect(response.fields["Content-Security-Policy"] == page.contentSecurityPolicy)
        #expect(page.contentSecurityPolicy.contains("frame-ancestors 'none'"))
    }

    @Test func `the page and its settings do not print the token`() {
        let settings = DevPageSettings(
            token: "a.b.secret", api: "", store: "http://127.0.0.1:9000", folder: "/f", rulesFile: "/r")
        for value in [settings, DevPage(settings: settings)] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("secret")) }
        }
    }
}
