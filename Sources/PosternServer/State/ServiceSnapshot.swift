// SPDX-License-Identifier: Apache-2.0
package import TenantRules
package import UserAuth

/// All that a request is judged by, immutable: read once when the request arrives, whatever is reloaded meanwhile.
package final class ServiceSnapshot: Sendable {
    package let book: RuleBook
    package let authenticator: Authenticator
    /// Every origin that some tenant lists: who may ask is decided before it is known who asks (a preflight is anonymous).
    let origins: Set<String>

    package init(book: RuleBook, authenticator: Authenticator) {
        self.book = book
        self.authenticator = authenticator
        self.origins = Set(book.tenants.flatMap(\.origins))
    }
}
