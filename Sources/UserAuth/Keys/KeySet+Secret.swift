// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// Reads a secret for HS256, HS384 or HS512.
    ///
    /// The file is the secret, byte for byte, but for one case: where every byte is printable ASCII, one line end at the end (LF
    /// or CRLF) is the editor's and does not count. To rotate, or to write a binary secret as text, the file may also hold a JSON
    /// Web Key of kty `oct`, or a set of such keys.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - algorithms: the issuer's, all of them symmetric.
    package static func secret(_ bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) -> KeySet {
        guard !algorithms.isEmpty else { throw .noAlgorithms }
        if let asymmetric = algorithms.first(where: { !$0.isSymmetric }) { throw .asymmetricAlgorithm(asymmetric) }
        guard bytes.count <= maximumLength else { throw .tooLarge(maximum: maximumLength) }
        // RFC 8725 section 2.1: with a public key as the secret, everybody can make tokens.
        if let blocks = try? PEMBlock.read(bytes) {
            throw blocks.contains(where: \.isPrivateKey) ? .privateKey : .publicKeyAsSecret
        }
        if let candidates = try readSecretKeys(bytes) {
            return try making(candidates, for: algorithms)
        }
        let secret = withoutLineEnd(bytes)
        let minimum = algorithms.compactMap(\.minimumSecretLength).max() ?? 0
        guard secret.count >= minimum else { throw .secretTooShort(minimum: minimum) }
        let candidate = Candidate(position: 1, id: nil, key: .success((.secret(secret), nil)))
        return try making([candidate], for: algorithms)
    }

    /// The keys of a file that holds a JSON Web Key or a set of them; nil where it holds anything else.
    private static func readSecretKeys(_ bytes: [UInt8]) throws(KeySetError) -> [Candidate]? {
        guard case .object(let members)? = try? JSONValue(parsing: bytes, maximumDepth: 16) else { return nil }
        let candidates: [Candidate]
        if members["keys"] != nil {
            candidates = try readKeys(bytes)
        } else if members["kty"] != nil {
            candidates = [Candidate(reading: .object(members), position: 1)]
        } else {
            return nil
        }
        for candidate in candidates {
            switch candidate.key {
            case .success((.secret, _)): continue
            case .failure(.privateKey): throw .privateKey
            case .success: throw .publicKeyAsSecret
            case .failure: continue
            }
        }
        return candidates
    }

    /// The secret in a file that is not a JSON Web Key.
    package static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        var text = bytes[...]
        if text.last == UInt8(ascii: "\n") {
            text.removeLast()
            if text.last == UInt8(ascii: "\r") { text.removeLast() }
        }
        return text.allSatisfy { (0x20...0x7E).contains($0) } ? Array(text) : bytes
    }
}
