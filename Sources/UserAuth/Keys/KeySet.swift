// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The keys that verify one issuer's tokens, each fixed to its algorithms when the set was read. Immutable.
///
/// Made by ``jwks(_:algorithms:)``, ``pem(_:algorithms:)`` and ``secret(_:algorithms:)``.
package struct KeySet: Sendable {
    /// The keys of the material that serve no token, and why. Their names and places only.
    package let skipped: [SkippedKey]
    let keys: [VerificationKey]
    /// Equal for two sets exactly where they hold the same keys for the same algorithms under the same ids.
    let identity: TokenDigest

    /// The ids of the keys; nil for a key that has none.
    package var keyIDs: [String?] {
        keys.map(\.id)
    }

    /// Whether there is nothing that a token could name.
    var isOneKeyWithoutID: Bool {
        keys.count == 1 && keys.first?.id == nil
    }

    init(keys: [VerificationKey], skipped: [SkippedKey]) {
        self.keys = keys
        self.skipped = skipped
        // Sorted: some providers write their keys in another order each time.
        let fingerprints = keys.map(\.fingerprint).sorted { $0.lexicographicallyPrecedes($1) }
        self.identity = TokenDigest(hashing: fingerprints.flatMap { $0 })
    }

    /// Finds the key that a token asks for.
    ///
    /// With several keys a token must name one, and a key that has an id answers to no other. A key without an id (a PEM file,
    /// a secret) is alone in its set, so that there is nothing to choose and the token's `kid` says nothing.
    private func key(named id: String?) throws(AuthenticationError) -> VerificationKey {
        if keys.count == 1, let only = keys.first {
            guard let ownID = only.id, let id else { return only }
            guard ownID.hasSameBytes(as: id) else { throw .keyUnknown }
            return only
        }
        guard let id else { throw .keyIDMissing }
        guard let match = keys.first(where: { $0.id?.hasSameBytes(as: id) ?? false }) else { throw .keyUnknown }
        return match
    }

    /// Finds the key for a token and verifies the signature with it.
    func verify(_ jws: CompactJWS, _ header: TokenHeader) throws(AuthenticationError) -> VerificationKey {
        let key = try key(named: header.keyID)
        try key.verify(jws.signature, over: jws.signingInput, algorithm: header.algorithm)
        return key
    }

    /// Verifies a JSON Web Signature in compact form, whatever its payload is: a token's checks without its claims.
    /// - Parameters:
    ///   - compact: the three parts, and nothing around them.
    ///   - algorithms: those that the header may name.
    /// - Returns: the payload.
    package func verify(_ compact: [UInt8], algorithms: [Algorithm]) throws(AuthenticationError) -> [UInt8] {
        let jws = try CompactJWS(parsing: compact)
        let header = try TokenHeader(parsing: jws.header)
        guard algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        _ = try verify(jws, header)
        return jws.payload
    }
}
