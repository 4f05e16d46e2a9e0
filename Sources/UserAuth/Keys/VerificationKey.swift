// SPDX-License-Identifier: Apache-2.0

import WireFormats

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
