// SPDX-License-Identifier: Apache-2.0

private import WireFormats

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
