// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
private import WireFormats

/// The page at `/` of `postern dev`, which gets a ticket and uploads to the store. It is one document, made of `page.html`, `page.css`
/// and `page.js`, which are embedded in the program. All its text has a contrast of at least 4.5:1, in the light and the dark theme.
package struct DevPage: Sendable {
    private let page: InlinePage

    package init(settings: DevPageSettings) {
        let store = Self.origin(of: settings.store)
        page = InlinePage(
            template: PackageResources.page_html, style: PackageResources.page_css, script: PackageResources.page_js,
            values: ["settings": settings.json], connections: [store], images: ["data:", "blob:", store])
    }

    /// The whole document.
    package var html: String { page.html }
    /// The value of the header field Content-Security-Policy.
    package var contentSecurityPolicy: String { page.contentSecurityPolicy }

    /// Returns the page with its header fields. It contains a token.
    package func response() -> Response { page.response() }

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
