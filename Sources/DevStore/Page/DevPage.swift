// SPDX-License-Identifier: Apache-2.0

package import HTTPServer

/// The page of `postern dev`, which gets tickets and uploads to the store by the browser module of `clients/web`.
///
/// It consists of a document and the files that this loads, all embedded in the program. None contains a secret. All text has a
/// contrast of at least 4.5:1, in the light and the dark theme.
package struct DevPage: Sendable {
    /// The value of the header field Content-Security-Policy.
    package let contentSecurityPolicy: String

    /// The most stores that the policy names, so that the field has a bounded length.
    private static let maximumStores = 20

    /// - Parameter stores: the addresses to which the page may upload
    package init(stores: [String]) {
        var origins: [String] = []
        for store in stores.map(Self.origin) where !origins.contains(store) && origins.count < Self.maximumStores {
            origins.append(store)
        }
        contentSecurityPolicy = [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            (["connect-src 'self'"] + origins).joined(separator: " "),
            "worker-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    /// The response with the file at a path; nil if there is none.
    package func response(to path: String) -> Response? {
        guard let file = Self.files[path] else { return nil }
        return Response(
            status: 200,
            fields: [
                "Content-Type": file.type,
                "Cache-Control": "no-store",
                "Content-Security-Policy": contentSecurityPolicy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            ],
            body: .bytes(file.bytes)
        )
    }

    private static let script = "text/javascript; charset=utf-8"
    package static let files: [String: (type: String, bytes: [UInt8])] = [
        "/": ("text/html; charset=utf-8", PackageResources.page_html),
        "/dev/page.css": ("text/css; charset=utf-8", PackageResources.page_css),
        "/dev/page.js": (script, PackageResources.page_js),
        "/dev/files.js": (script, PackageResources.files_js),
        "/dev/words.js": (script, PackageResources.words_js),
        "/dev/icon.svg": ("image/svg+xml", PackageResources.icon_svg),
        "/postern.js": (script, PackageResources.postern_js),
    ]

    /// Returns scheme, host and port of an http address.
    private static func origin(of address: String) -> String {
        address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}
