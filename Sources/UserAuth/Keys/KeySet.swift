// SPDX-License-Identifier: Apache-2.0

import StrictJSON

/// The keys that verify one issuer's tokens, each fixed to its algorithms when the set was read. Immutable.
///
/// Made by ``jwks(_:algorithms:)``, ``pem(_:algorithms:)`` and ``secret(_:algorithms:)``.
package struct KeySet: Sendable {
    /// The keys of the material that serve no token, and why. Their names and places only.
    package let skipped: [SkippedKey]
    let keys: [VerificationKey]
    /// Equal for two sets exactly where they hold the same keys for the same algorithms under the same ids.
    let identity: SHA256Words

    /// The ids of the keys; nil for a key that has none.
    package var keyIDs: [String?] {
        keys.map(\.id)
    }

    init(keys: [VerificationKey], skipped: [SkippedKey]) {
        self.keys = keys
        self.skipped = skipped
        // Sorted: some providers write their keys in another order each time.
        let fingerprints = keys.map(\.fingerprint).sorted { $0.lexicographicallyPrecedes($1) }
        self.identity = SHA256Words(hashing: fingerprints.flatMap { $0 })
    }

    /// Finds the key that a token asks for.
    ///
    /// With several keys a token must name one, and a key that has an id answers to no other. A key without an id (a PEM file,
    /// a secret) stands alone in its set, so that there is nothing to choose and the token's `kid` says nothing.
    func key(named id: String?) throws(AuthenticationFailure) -> VerificationKey {
        if keys.count == 1, let only = keys.first {
            guard let ownID = only.id, let id else { return only }
            guard ownID.hasSameBytes(as: id) else { throw .keyUnknown }
            return only
        }
        guard let id else { throw .keyIDMissing }
        guard let match = keys.first(where: { $0.id?.hasSameBytes(as: id) ?? false }) else { throw .keyUnknown }
        return match
    }
}
