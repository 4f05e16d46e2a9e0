// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The keys that verify one issuer's tokens. Immutable; the algorithms of each key are fixed when the set is read.
///
/// Created by ``init(jwks:algorithms:)``, ``init(pem:algorithms:)`` or ``init(secret:algorithms:)``.
package struct KeySet: Sendable {
    /// The largest key material, in bytes.
    package static let maximumLength = 256 * 1024
    /// The largest number of keys.
    package static let maximumKeyCount = 64

    /// The keys of the material that cannot be used, with the reasons.
    package let skipped: [SkippedKey]
    let keys: [VerificationKey]
    /// Equal for two sets if and only if they have the same keys, for the same algorithms, with the same ids.
    let fingerprint: SHA256Digest

    /// The ids of the keys; nil for a key without one.
    package var keyIDs: [String?] {
        keys.map(\.id)
    }

    /// Whether tokens need not name a key.
    var isSingleKeyWithoutID: Bool {
        keys.count == 1 && keys.first?.id == nil
    }

    private init(keys: [VerificationKey], skipped: [SkippedKey]) {
        self.keys = keys
        self.skipped = skipped
        // Sorted, because some providers change the order of their keys.
        let fingerprints = keys.map(\.fingerprint).sorted { $0.lexicographicallyPrecedes($1) }
        self.fingerprint = SHA256Digest(hashing: fingerprints.flatMap { $0 })
    }

    /// Returns the key for the `kid` of a token.
    ///
    /// In a set of several keys all have ids, and a token must name one. A key without an id (from a PEM file or a secret) is the
    /// only one of its set and is used whatever the token's `kid` is.
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

    /// Verifies the signature of a token.
    /// - Parameter issuer: the token's `iss`, for a set that serves several issuers: a key with the member `issuer` is only for
    ///   tokens of that issuer
    /// - Returns: the key that the token names.
    func verify(
        _ jws: CompactJWS, _ header: TokenHeader, issuer: String? = nil
    ) throws(AuthenticationError) -> VerificationKey {
        let key = try key(named: header.keyID)
        if let issuer, let only = key.issuer, !only.matches(issuer) { throw .keyIssuerMismatch }
        try key.verify(jws.signature, over: jws.signingInput, algorithm: header.algorithm)
        return key
    }

    /// Verifies a JSON Web Signature in compact form with any payload: with a token's checks, except those of its claims.
    /// - Parameters:
    ///   - compact: the three parts, without white space.
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

// MARK: Creating a set

extension KeySet {
    /// A key of the material, or why it cannot be used.
    struct Candidate {
        /// The key's position in the material, from 1.
        let position: Int
        let id: String?
        /// The issuer that the key is for; nil for all of the set's.
        var issuer: IssuerPattern?
        let key: Result<(material: KeyMaterial, algorithm: Algorithm?), SkippedKey.Reason>
    }

    /// Creates a set of the candidates that can be used with one of the issuer's algorithms. The others are skipped.
    init(_ candidates: [Candidate], algorithms: [Algorithm]) throws(KeySetError) {
        var keys: [(position: Int, key: VerificationKey)] = []
        var skipped: [SkippedKey] = []
        for candidate in candidates {
            do throws(SkippedKey.Reason) {
                let (material, own) = try candidate.key.get()
                let usable = algorithms.filter { (own?.isEquivalent(to: $0) ?? true) && material.suits($0) }
                guard !usable.isEmpty else { throw .algorithmNotListed }
                if case .secret(let bytes) = material {
                    guard bytes.count >= usable.compactMap(\.minimumSecretLength).max() ?? 0 else { throw .secretTooShort }
                }
                let key = try VerificationKey(
                    material, id: candidate.id, issuer: candidate.issuer, algorithms: usable)
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
        self.init(keys: keys.map(\.key), skipped: skipped)
    }

    /// Requires that all ids differ. Otherwise it would be ambiguous which key a token refers to.
    static func requireUniqueIDs(_ candidates: [Candidate]) throws(KeySetError) {
        var seen: Set<ExactString> = []
        for id in candidates.compactMap(\.id) where !seen.insert(ExactString(id)).inserted {
            throw .duplicateKeyID(id)
        }
    }

    /// Requires algorithms of public keys, because a public key must never be used as a secret (RFC 8725 section 2.1).
    static func requireAsymmetric(_ algorithms: [Algorithm]) throws(KeySetError) {
        guard !algorithms.isEmpty else { throw .noAlgorithms }
        if let symmetric = algorithms.first(where: \.isSymmetric) { throw .symmetricAlgorithm(symmetric) }
    }
}

/// A public key or secret with the algorithms that it may be used with.
struct VerificationKey: Sendable {
    /// The key's id, compared byte for byte with a token's `kid`; nil if it has none.
    let id: String?
    /// The issuer that the key is for, in a set that serves several; nil for all of them.
    let issuer: IssuerPattern?
    /// A hash of the key, its algorithms, its id and its issuer.
    let fingerprint: [UInt8]
    private let verifiers: [(algorithm: Algorithm, verifier: SignatureVerifier)]

    /// Creates one verifier for each algorithm.
    /// - Parameter algorithms: those that suit the material.
    init(
        _ material: KeyMaterial, id: String?, issuer: IssuerPattern? = nil, algorithms: [Algorithm]
    ) throws(SkippedKey.Reason) {
        var verifiers: [(algorithm: Algorithm, verifier: SignatureVerifier)] = []
        let key = AsymmetricKey(material)
        for algorithm in algorithms {
            guard let verifier = SignatureVerifier(material, key, algorithm) else { throw .rejected }
            verifiers.append((algorithm, verifier))
        }
        self.id = id
        self.issuer = issuer
        self.verifiers = verifiers
        self.fingerprint = Self.fingerprint(of: material, id: id, issuer: issuer, algorithms: algorithms)
    }

    func verify(
        _ signature: [UInt8],
        over signingInput: ArraySlice<UInt8>,
        algorithm: Algorithm
    ) throws(AuthenticationError) {
        guard let verifier = verifiers.first(where: { $0.algorithm == algorithm })?.verifier else { throw .keyMismatch }
        guard signingInput.withUnsafeBytes({ verifier.verify(signature, of: $0) }) else { throw .signatureInvalid }
    }

    private static func fingerprint(
        of material: KeyMaterial, id: String?, issuer: IssuerPattern?, algorithms: [Algorithm]
    ) -> [UInt8] {
        var text = material.thumbprint
        text += algorithms.map(\.rawValue).sorted().joined(separator: " ").utf8
        // A NUL separates the id, so that an empty id differs from none.
        if let id { text += [0] + Array(id.utf8) }
        // An id is JSON text and may have any byte but 0xFF.
        if let issuer { text += [0xFF] + Array(issuer.text.utf8) }
        return DigestAlgorithm.sha256.hash(text)
    }
}
