// SPDX-License-Identifier: Apache-2.0

/// What admission needs to know of the authenticated caller.
package struct Uploader: Sendable {
    /// The tenant's id.
    package let tenant: String
    /// The user the file belongs to: of the token, or the one an API key acts for.
    package let user: String?
    /// The scopes the caller holds.
    package let scopes: [String]

    package init(tenant: String, user: String?, scopes: [String] = []) {
        self.tenant = tenant
        self.user = user
        self.scopes = scopes
    }
}
