// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import Testing
import WireFormats

@testable import PosternServer

struct StatusPageTests {
    private let html = StatusPage.page.html

    /// The contents of the elements with that opening tag.
    private func contents(of tag: String, end: String) -> [String] {
        html.components(separatedBy: tag).dropFirst().compactMap { $0.components(separatedBy: end).first }
    }

    @Test func `the page has one style and one script, and only these are allowed, by their hashes`() {
        let (script, style) = (contents(of: "<script>", end: "</script>"), contents(of: "<style>", end: "</style>"))
        #expect(script.count == 1 && style.count == 1 && html.components(separatedBy: "</script").count == 2)
        let policy = StatusPage.page.contentSecurityPolicy
        for (directive, text) in [("script-src", script.first ?? ""), ("style-src", style.first ?? "")] {
            #expect(text.utf8.count > 1000)
            let hash = Data(DigestAlgorithm.sha256.hash(text.utf8)).base64EncodedString()
            #expect(policy.contains("\(directive) 'sha256-\(hash)';"))
        }
        #expect(policy.hasPrefix("default-src 'none'; ") && policy.contains("connect-src 'self'; img-src data:; "))
        #expect(!policy.contains("unsafe"))
    }

    @Test func `nothing in the page makes markup or code of a text, or loads anything from elsewhere`() {
        for forbidden in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "createContextualFragment", "eval(",
            "new Function", "javascript:", "srcdoc", "<link rel=\"stylesheet", " src=\"", "@import", "url(", " style=\"",
            " onclick=",
            " onload=", " onerror=", "{{",
        ] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
    }

    @Test(arguments: [
        ("/status.json", ""), ("/status.json?", ""), ("/status.json?tenants=", ""), ("/status.json?tenants=acme", "acme"),
        ("/status.json?a=b&tenants=x&tenants=y", "x"), ("/status.json?tenants=%C3%A9%26%3D+%25", "é&=+%"),
        ("/status.json?tenantsx=a", ""),
        ("/status.json?tenants=a=b?c", "a=b?c"),
    ])
    func `the text to search for is one member of the query`(target: String, text: String) throws {
        #expect(try StatusPage.search(in: target) == text)
    }
}
