// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// A web page in one document, made of a template, a style sheet and a script.
///
/// The Content-Security-Policy allows its style and its script by their hashes only, so that injected ones do not run.
package struct InlinePage: Sendable {
    /// The whole document.
    package let html: String
    /// The value of the header field Content-Security-Policy.
    package let contentSecurityPolicy: String

    /// - Parameters:
    ///   - template: HTML with the placeholders `{{style}}`, `{{script}}` and those of `values`. A value is inserted as it is
    ///   - connections: the origins to which the script may send requests, besides the page's own
    ///   - images: the sources of its images
    package init(
        template: [UInt8], style: [UInt8], script: [UInt8], values: [String: String] = [:], connections: [String] = [],
        images: [String]
    ) {
        let style = String(decoding: style, as: UTF8.self)
        let script = String(decoding: script, as: UTF8.self)
        html = Self.fill(
            String(decoding: template, as: UTF8.self), values.merging(["style": style, "script": script]) { $1 })
        contentSecurityPolicy = [
            "default-src 'none'",
            "script-src '\(Self.sourceHash(script))'",
            "style-src '\(Self.sourceHash(style))'",
            (["connect-src 'self'"] + connections).joined(separator: " "),
            (["img-src"] + images).joined(separator: " "),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// Returns the page with its header fields: it must not be cached or shown in a frame.
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
    package static func sourceHash(_ text: String) -> String {
        "sha256-" + DigestAlgorithm.sha256.hash(text.utf8).base64
    }
}
