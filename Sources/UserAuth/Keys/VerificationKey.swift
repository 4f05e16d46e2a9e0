// SPDX-License-Identifier: Apache-2.0

import Crypto
import JWTKit

/// A public key or secret that is fixed to the algorithms it may be used with.
struct VerificationKey: Sendable {
    /// The key's id, compared byte for byte with a token's `kid`; nil where it has none.
    let id: String?
    /// A hash of the key, its algorithms and its id.
    let fingerprint: [UInt8]
    private let verifiers: [(algorithm: Algorithm, signatureLength: Int, verifier: any JWTAlgorithm)]

    /// Makes the key's verifiers, one an algorithm.
    ///
    /// jwt-kit gives an algorithm object only through a collection, which is an actor; with one collection a key and algorithm,
    /// nothing of its choosing of keys and algorithms is ever used.
    /// - Parameter algorithms: those that suit the material.
    init(_ material: KeyMaterial, id: String?, algorithms: [Algorithm]) async throws(SkippedKey.Reason) {
        var verifiers: [(algorithm: Algorithm, signatureLength: Int, verifier: any JWTAlgorithm)] = []
        for algorithm in algorithms {
            do {
                let verifier = try await material.verifier(for: algorithm)
                verifiers.append((algorithm, material.signatureLength(for: algorithm), verifier))
            } catch {
                throw .rejected
            }
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
    ) throws(AuthenticationFailure) {
        guard let entry = verifiers.first(where: { $0.algorithm == algorithm }) else { throw .keyMismatch }
        // RFC 7518 sections 3.2 to 3.5, RFC 8032 section 5.1.7: each algorithm's signatures have one length.
        guard signature.count == entry.signatureLength else { throw .signatureInvalid }
        guard (try? entry.verifier.verify(signature, signs: signingInput)) == true else { throw .signatureInvalid }
    }

    private static func fingerprint(of material: KeyMaterial, id: String?, algorithms: [Algorithm]) -> [UInt8] {
        var text = material.thumbprint
        text += algorithms.map(\.rawValue).sorted().joined(separator: " ").utf8
        // A NUL ends the algorithms; what follows is the id, and nothing follows where there is none.
        if let id { text += [0] + Array(id.utf8) }
        return Array(SHA256.hash(data: text))
    }
}
