// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
private import WireFormats

/// The page at `/` of `postern dev`, which gets a ticket and uploads to the store. It is one document, made of `page.html`, `page.css`
/// and `page.js`, which are embedded in the program.
///
/// The Content-Security-Policy allows its style and its script by their hashes only, so that injected ones do not run.
package struct DevPage: Sendable {
    /// The whole document.
    package let html: String
    /// The value of the header field Content-Security-Policy.
    package let contentSecurityPolicy: String

    /// The page with placeholders for style, script and settings.
    private static let document = String(decoding: PackageResources.page_html, as: UTF8.self)
    /// The style sheet. All text has a contrast of at least 4.5:1, in the light and the dark theme.
    private static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    /// The script: first functions that do not use the document, then those that do.
    private static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

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

    /// Returns the page with its header fields. It contains a token, so it must not be cached or shown in a frame.
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

    /// Replaces each placeholder once. Placeholders in values are not replaced.
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

    /// `sha256-…` the hash source of an inline element (CSP Level 3 section 2.3.1).
    private static func sourceHash(_ text: String) -> String {
        "sha256-" + DigestAlgorithm.sha256.hash(text.utf8).base64
    }

    /// Returns scheme, host and port of an http address.
    private static func origin(of address: String) -> String {
        address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}

/// The settings of the page.
package struct DevPageSettings: Sendable {
    /// A token that Postern accepts. Anyone who can load the page gets it, so the page is for loopback only.
    package let token: String
    /// The address of Postern without a trailing slash, for the curl commands.
    package let api: String
    /// The store's address without a trailing slash.
    package let store: String
    /// The path of the files on disk, in which each bucket has a folder.
    package let folder: String
    /// The path of the rule file, which a developer can edit.
    package let rulesFile: String

    package init(token: String, api: String, store: String, folder: String, rulesFile: String) {
        self.token = token
        self.api = api
        self.store = store
        self.folder = folder
        self.rulesFile = rulesFile
    }

    /// The settings as JSON without `<`, so that no value can end the script element that contains it, or begin a comment (HTML,
    /// "Restrictions for contents of script elements").
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

extension DevPageSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// All settings except the token.
    package var description: String {
        "DevPageSettings(api: \(api), store: \(store), folder: \(folder), rulesFile: \(rulesFile))"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension DevPage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The policy only: the document contains the token.
    package var description: String { "DevPage(\(contentSecurityPolicy))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
