// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

/// An issuer with the keys that verify its tokens.
package struct TrustedIssuer: Sendable {
    package let issuer: Issuer
    /// How the tenant of its users is determined.
    package let tenant: TenantBinding
    package let keys: IssuerKeys

    /// - Parameter owner: the tenant that declares it; nil for a service-wide issuer, which has a `tenantClaim`.
    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys) {
        self.issuer = issuer
        self.keys = keys
        tenant = owner.map(TenantBinding.fixed) ?? .claim(issuer.tenantClaim ?? "tenant")
    }
}

extension Issuer {
    /// Checks what this issuer requires of the claims of a token with a valid signature, in the order of ``AuthenticationCheck``.
    /// ``TokenTimes`` checks the times.
    func checkRequirements(of claims: TokenClaims) throws(AuthenticationError) {
        guard accepts(audiences: try claims.audiences()) else { throw .audienceMismatch }
    }

    /// Whether one of a token's audiences is one of this issuer's, byte for byte.
    func accepts(audiences: [String]) -> Bool {
        audiences.contains { audience in self.audiences.contains { $0.hasSameBytes(as: audience) } }
    }
}

/// How the tenant of a token is determined.
package enum TenantBinding: Sendable, Hashable {
    /// The issuer belongs to the tenant with this id.
    case fixed(String)
    /// The issuer serves several tenants; the claim of this name has the tenant's id.
    case claim(String)
}

/// All trusted issuers, by their identifiers.
///
/// Several tenants may declare the same identifier, each with its own audiences; a token then belongs to the one that accepts
/// its `aud`. A token that several of them accept is refused, because it could act as a user of either; so is one that none
/// accepts.
struct IssuerDirectory: Sendable {
    private let issuers: [ExactString: [TrustedIssuer]]

    init(_ issuers: [TrustedIssuer]) {
        self.issuers = Dictionary(grouping: issuers) { ExactString($0.issuer.identifier) }
    }

    /// Returns the issuer that a token names. The claims are not yet verified.
    func issuer(of claims: TokenClaims) throws(AuthenticationError) -> TrustedIssuer {
        let name = try claims.issuer()
        guard let candidates = issuers[ExactString(name)], let first = candidates.first else { throw .issuerUnknown }
        guard candidates.count > 1 else { return first }
        let audiences = (try? claims.audiences()) ?? []
        let matches = candidates.filter { $0.issuer.accepts(audiences: audiences) }
        guard matches.count == 1, let match = matches.first else { throw .issuerAmbiguous }
        return match
    }
}

/// The current key set of an issuer, replaced as a whole when the issuer rotates its keys.
///
/// Keys from files never change. ``RemoteKeys`` calls ``replace(with:)`` and ``drop()``; cached tokens that were verified with other
/// keys are then no longer valid.
package final class IssuerKeys: Sendable {
    private let state: Mutex<KeySet?>
    /// Counts the changes of keys. Written under the lock of ``state`` and read without it, so that requests with a cached token do
    /// not contend for one lock.
    private let epoch = Atomic(0)
    private let onUnknownKey: (@Sendable (_ keyID: String) -> Void)?

    /// - Parameters:
    ///   - set: nil if none has been fetched; verification then fails with ``AuthenticationError/keysUnavailable(issuer:)``.
    ///   - onUnknownKey: called with each key id that a token names and the set does not have. It delays that request, so it must be
    ///     quick.
    package init(_ set: KeySet? = nil, onUnknownKey: (@Sendable (_ keyID: String) -> Void)? = nil) {
        state = Mutex(set)
        self.onUnknownKey = onUnknownKey
    }

    /// The current set; nil if there is none.
    package var current: KeySet? {
        state.withLock { $0 }
    }

    /// Replaces the current set. Cached tokens stay valid if the new set has the same keys.
    /// - Returns: whether the keys have changed.
    @discardableResult
    package func replace(with set: KeySet) -> Bool {
        state.withLock { current in
            let isChange = current?.fingerprint != set.fingerprint
            if isChange { epoch.add(1, ordering: .releasing) }
            current = set
            return isChange
        }
    }

    /// Removes the current set, so that tokens are refused until there is another.
    /// - Returns: whether there was a set.
    @discardableResult
    package func drop() -> Bool {
        state.withLock { current in
            guard current != nil else { return false }
            epoch.add(1, ordering: .releasing)
            current = nil
            return true
        }
    }

    /// Reports that a token named a key that the set does not have.
    /// - Parameter keyID: the token's `kid`; empty if it has none.
    func reportUnknownKey(_ keyID: String) {
        onUnknownKey?(keyID)
    }

    /// Returns the current set and its epoch; nil if there is no set.
    func snapshot() -> (set: KeySet, epoch: Int)? {
        state.withLock { set in set.map { ($0, epoch.load(ordering: .relaxed)) } }
    }

    /// Whether the keys are still those of the snapshot with this epoch.
    func isUnchanged(since snapshot: Int) -> Bool {
        epoch.load(ordering: .acquiring) == snapshot
    }
}
