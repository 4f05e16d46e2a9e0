// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import Testing

@testable import DevStore

struct DevPageTests {
    private let page = DevPage(stores: ["http://127.0.0.1:9000", "https://s3.example/bucket/", "http://127.0.0.1:9000/x/"])

    private func text(_ path: String) throws -> String {
        String(decoding: try #require(DevPage.files[path]).bytes, as: UTF8.self)
    }

    @Test func `the policy allows the page's own files, and uploads to the stores, and nothing else`() {
        #expect(
            page.contentSecurityPolicy
                == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                + "connect-src 'self' http://127.0.0.1:9000 https://s3.example; worker-src 'self'; form-action 'none'; "
                + "base-uri 'none'; frame-ancestors 'none'")
    }

    @Test func `the policy names a bounded number of stores`() {
        let page = DevPage(stores: (0..<100).map { "http://127.0.0.1:\(9000 + $0)/bucket/" })
        #expect(page.contentSecurityPolicy.contains(" http://127.0.0.1:9019;") && !page.contentSecurityPolicy.contains("9020"))
    }

    @Test func `no file has anything inline that the policy would forbid`() throws {
        let html = try text("/")
        for forbidden in ["<style", " style=\"", " onclick=", " onload=", "javascript:", "data:", "<script>"] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        for path in ["/dev/page.js", "/dev/files.js", "/dev/words.js", "/postern.js"] {
            for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                #expect(!(try text(path)).contains(forbidden), "\(path): \(forbidden)")
            }
        }
        #expect(!(try text("/dev/page.css")).contains("url("))
    }

    @Test func `every file that the page loads is there`() throws {
        let sources = try ["/", "/dev/page.js", "/dev/files.js", "/dev/words.js"].map(text).joined()
        var loaded: Set<String> = ["/"]
        for match in sources.matches(of: /(?:href|src|from) ?=? ?"(\.?\/[a-z.\/]+)"/) {
            loaded.insert(String(match.1).replacing(/^\.\//, with: "/dev/"))
        }
        #expect(loaded == Set(DevPage.files.keys))
    }

    @Test(arguments: DevPage.files.keys.sorted())
    func `no file is cached, framed, sniffed or read by another origin`(_ path: String) throws {
        let response = try #require(page.response(to: path))
        #expect(response.status == 200 && response.contentLength > 0)
        #expect(response["Content-Type"]?.hasPrefix("text/") == true || response["Content-Type"] == "image/svg+xml")
        #expect(response["Cache-Control"] == "no-store")
        #expect(response["X-Content-Type-Options"] == "nosniff")
        #expect(response["Cross-Origin-Resource-Policy"] == "same-origin")
        #expect(response["Content-Security-Policy"] == page.contentSecurityPolicy)
    }

    @Test func `there is nothing at other paths`() {
        for path in ["", "/dev", "/dev/", "/page.js", "/dev/../", "/index.html"] { #expect(page.response(to: path) == nil) }
    }

    @Test func `the module is the one of clients/web`() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "clients/web/postern.js")
        #expect(try text("/postern.js") == String(contentsOf: file, encoding: .utf8))
    }
}
