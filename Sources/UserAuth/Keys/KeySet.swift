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

extension KeySet {
    /// A key that was read, or why it could not be.
    struct Candidate {
        let position: Int
        let id: String?
        let key: Result<(material: KeyMaterial, algorithm: Algorithm?), SkippedKey.Reason>
    }

    /// Makes a set of the candidates that serve one of the issuer's algorithms; the others are skipped.
    /// - Parameter algorithms: the issuer's.
    static func making(_ candidates: [Candidate], for algorithms: [Algorithm]) throws(KeySetError) -> KeySet {
        var keys: [(position: Int, key: VerificationKey)] = []
        var skipped: [SkippedKey] = []
        for candidate in candidates {
            do throws(SkippedKey.Reason) {
                let (material, own) = try candidate.key.get()
                let served = algorithms.filter { (own?.isSame(as: $0) ?? true) && material.suits($0) }
                guard !served.isEmpty else { throw .algorithmNotListed }
                if case .secret(let bytes) = material {
                    guard bytes.count >= served.compactMap(\.minimumSecretLength).max() ?? 0 else { throw .secretTooShort }
                }
                let key = try VerificationKey(material, id: candidate.id, algorithms: served)
                keys.append((candidate.position, key))
            } catch {
                skipped.append(SkippedKey(position: candidate.position, id: candidate.id, reason: error))
            }
        }
        if keys.count > 1 {
            skipped += keys.filter { $0.key.id == nil }.map { SkippedKey(position: $0.position, id: nil, reason: .idMissing) }
            keys.removeAll { $0.key.id == nil }
        }
        skipped.sort { $0.position < $1.position }
        guard !keys.isEmpty else { throw .noUsableKey(skipped: skipped) }
        return KeySet(keys: keys.map(\.key), skipped: skipped)
    }

    /// Refuses a set in which an id is there twice, whatever the keys: which of them a token means would be a guess.
    static func refuseDuplicateIDs(_ ids: [String]) throws(KeySetError) {
        var seen: Set<ExactString> = []
        for id in ids where !seen.insert(ExactString(id)).inserted {
            throw .duplicateKeyID(id)
        }
    }

    /// Public keys go with asymmetric algorithms alone (RFC 8725 section 2.1: the public key must never serve as a secret).
    static func requireAsymmetric(_ algorithms: [Algorithm]) throws(KeySetError) {
        guard !algorithms.isEmpty else { throw .noAlgorithms }
        if let symmetric = algorithms.first(where: \.isSymmetric) { throw .symmetricAlgorithm(symmetric) }
    }
}

/// A public key or secret that is fixed to the algorithms it may be used with.
struct VerificationKey: Sendable {
    /// The key's id, compared byte for byte with a token's `kid`; nil where it has none.
    let id: String?
    /// A hash of the key, its algorithms and its id.
    let fingerprint: [UInt8]
    private let verifiers: [(algorithm: Algorithm, verifier: SignatureVerifier)]

    /// Makes the key's verifiers, one per algorithm.
    /// - Parameter algorithms: those that suit the material.
    init(_ material: KeyMaterial, id: String?, algorithms: [Algorithm]) throws(SkippedKey.Reason) {
        var verifiers: [(algorithm: Algorithm, verifier: SignatureVerifier)] = []
        let key = AsymmetricKey(material)
        for algorithm in algorithms {
            guard let verifier = SignatureVerifier(material, key, algorithm) else { throw .rejected }
            verifiers.append((algorithm, verifier))
        }
        self.id = id
        self.verifiers = verifiers
        self.fingerprint = Self.fingerprint(of: material, id: id, algorithms: algorithms)
    }

    /// Checks a signature.
    func verify(
        _ signature: [UInt8],
        over signingInput: ArraySlice<UInt8>,
        algorithm: Algorithm
    ) throws(AuthenticationError) {
        guard let verifier = verifiers.first(where: { $0.algorithm == algorithm })?.verifier else { throw .keyMismatch }
        guard signingInput.withUnsafeBytes({ verifier.verify(signature, of: $0) }) else { throw .signatureInvalid }
    }

    private static func fingerprint(of material: KeyMaterial, id: String?, algorithms: [Algorithm]) -> [UInt8] {
        var text = material.thumbprint
        text += algorithms.map(\.rawValue).sorted().joined(separator: " ").utf8
        // A NUL ends the algorithms; what follows is the id, and nothing follows where there is none.
        if let id { text += [0] + Array(id.utf8) }
        return DigestAlgorithm.sha256.hash(text)
    }
}
