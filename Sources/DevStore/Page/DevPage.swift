// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
private import WireFormats

/// The page at `/` of `postern dev`: one document that loads nothing, takes a ticket and uploads to the store. It is made of
/// `page.html`, `page.css` and `page.js`, which are in the program.
///
/// Its style and its script are allowed by their hashes, so that nothing that slipped into the page could run.
package struct DevPage: Sendable {
    /// The whole document.
    package let html: String
    /// The value of the Content-Security-Policy header that belongs to it.
    package let contentSecurityPolicy: String

    /// The page without its style, its script and its settings, which `fill` puts at the three marks.
    private static let document = String(decoding: PackageResources.page_html, as: UTF8.self)
    /// The style sheet. Colours are named once, for light and dark; all text on its ground is 4.5:1 or better.
    private static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    /// The script: first numbers and refusals in words, without touching an element of the page; then the page's elements, the
    /// ticket and the upload.
    private static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

    /// - Parameter settings: they hold the dev token.
    package init(settings: DevPageSettings) {
        html = Self.fill(Self.document, ["style": Self.style, "settings": settings.json, "script": Self.script])
        let store = Self.origin(of: settings.store)
        contentSecurityPolicy = [
            "default-src 'none'",
            "script-src '\(Self.sourceHash(Self.script))'",
            "style-src '\(Self.sourceHash(Self.style))'",
            "connect-src 'self' \(store)",
            "img-src data: blob: \(store)",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// The page as an answer, with its headers. It holds a token: no cache may keep it and no frame may show it.
    package func response() -> Response {
        Response(
            status: 200,
            fields: [
                "Content-Type": "text/html; charset=utf-8",
                "Cache-Control": "no-store",
                "Content-Security-Policy": contentSecurityPolicy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
            ],
            body: .bytes(Array(html.utf8))
        )
    }

    /// Replaces each mark once. What is filled in is never looked at again, so a value cannot bring a mark of its own.
    private static func fill(_ template: String, _ values: [String: String]) -> String {
        let pieces = template.split(separator: "{{", omittingEmptySubsequences: false)
        return pieces.dropFirst().reduce(into: String(pieces.first ?? "")) { filled, piece in
            guard let end = piece.firstRange(of: "}}"), let value = values[String(piece[..<end.lowerBound])] else {
                filled += "{{" + piece
                return
            }
            filled += value + piece[end.upperBound...]
        }
    }

    /// `sha256-…` as a Content-Security-Policy names an inline element (CSP Level 3 §2.3.1).
    private static func sourceHash(_ text: String) -> String {
        "sha256-" + DigestAlgorithm.sha256.hash(text.utf8).base64
    }

    /// Scheme, host and port of an http address.
    private static func origin(of address: String) -> String {
        address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}

/// The settings that the server gives the page.
package struct DevPageSettings: Sendable {
    /// A token that Postern accepts. Whoever can load the page has it: the page is for loopback only.
    package let token: String
    /// Where Postern itself answers, without a slash at the end: for the curl commands.
    package let api: String
    /// The store's upload address, as in a ticket's `url`: it ends in a slash.
    package let store: String
    /// Where the bucket's files lie on disk.
    package let folder: String
    /// The rule file that one may edit.
    package let rulesFile: String

    package init(token: String, api: String, store: String, folder: String, rulesFile: String) {
        self.token = token
        self.api = api
        self.store = store
        self.folder = folder
        self.rulesFile = rulesFile
    }

    /// JSON that can stand in a script element: `<` never appears, so no value can end the element or open a comment
    /// (HTML, "Restrictions for contents of script elements").
    var json: String {
        let json = JSONWriter.object { json in
            json.member("token", token)
            json.member("api", api)
            json.member("store", store)
            json.member("folder", folder)
            json.member("rulesFile", rulesFile)
        }
        let bytes = json.flatMap { $0 == UInt8(ascii: "<") ? Array(#"\u003c"#.utf8) : [$0] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
