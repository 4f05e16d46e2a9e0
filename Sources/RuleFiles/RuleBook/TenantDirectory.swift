// SPDX-License-Identifier: Apache-2.0

import UploadRules
package import UserAuth
import WireFormats

/// Finds the tenant of an authenticated caller.
package struct TenantDirectory: Sendable {
    private let files: [TenantFile]
    /// Indices in ``files``.
    private let byID: [ExactString: Int]
    private let byAlias: [TenantAlias: Int]

    package init(_ book: RuleBook) {
        self.init(book.files)
    }

    /// - Parameter files: each of another tenant
    init(_ files: [TenantFile]) {
        self.files = files
        byID = Dictionary(files.indices.map { (ExactString(files[$0].tenant.id), $0) }) { first, _ in first }
        let aliases = files.indices.flatMap { index in files[index].aliases.map { ($0, index) } }
        byAlias = Dictionary(aliases) { first, _ in first }
    }

    /// Returns the index of a tenant in the book's files; nil if there is no such tenant.
    package func index(ofTenant id: String) -> Int? { byID[ExactString(id)] }

    /// Returns the index of the caller's tenant in the book's files; nil if no tenant accepts the caller.
    package func index(of principal: Principal) -> Int? {
        guard case .token(let identity) = principal.source, identity.isServiceWide else {
            return byID[ExactString(principal.tenant)]
        }
        return index(claim: ExactString(principal.tenant), issuer: identity.issuerName)
    }

    /// - Parameters:
    ///   - claim: what a service-wide issuer's tenant claim holds
    ///   - issuer: that issuer's name; nil if it has none
    private func index(claim: ExactString, issuer: String?) -> Int? {
        let alias =
            issuer.flatMap { byAlias[TenantAlias(value: claim, issuer: $0)] } ?? byAlias[TenantAlias(value: claim, issuer: nil)]
        guard let index = alias ?? byID[claim] else { return nil }
        // Aliases replace the id.
        guard alias != nil || !files[index].hasAliases else { return nil }
        return files[index].serviceIssuers.accept(issuer) ? index : nil
    }
}

/// A value that a service-wide issuer's tenant claim has for a tenant.
struct TenantAlias: Sendable, Hashable {
    let value: ExactString
    /// The name of the only issuer for which it counts; nil for every service-wide issuer.
    let issuer: String?
}

/// The service-wide issuers whose tokens can be for a tenant.
package enum ServiceIssuers: Sendable, Hashable {
    case all
    case none
    /// Those with one of these names.
    case named([String])

    /// - Parameter issuer: an issuer's name; nil if it has none
    package func accept(_ issuer: String?) -> Bool {
        switch self {
        case .all: true
        case .none: false
        case .named(let names): issuer.map(names.contains) ?? false
        }
    }
}
