// SPDX-License-Identifier: Apache-2.0

import WireFormats

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
