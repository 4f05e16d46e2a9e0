// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// Reads a secret for HS256, HS384 or HS512.
    ///
    /// The file is the secret, byte for byte, except that one line end (LF or CRLF) after printable ASCII is removed. For rotation,
    /// or to write a binary secret as text, the file may also be a JSON Web Key with kty `oct`, or a set of such keys.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - algorithms: the issuer's algorithms, all of them symmetric.
    package init(secret bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) {
        guard !algorithms.isEmpty else { throw .noAlgorithms }
        if let asymmetric = algorithms.first(where: { !$0.isSymmetric }) { throw .asymmetricAlgorithm(asymmetric) }
        guard bytes.count <= Self.maximumLength else { throw .tooLarge(maximum: Self.maximumLength) }
        // RFC 8725 section 2.1: if the secret were a public key, anyone could make tokens.
        if let blocks = try? PEMBlock.blocks(in: bytes) {
            throw blocks.contains(where: \.isPrivateKey) ? .privateKey : .publicKeyAsSecret
        }
        if let candidates = try Self.secretCandidates(jwks: bytes) {
            try self.init(candidates, algorithms: algorithms)
            return
        }
        let secret = Self.secretWithoutLineEnd(bytes)
        let minimum = algorithms.compactMap(\.minimumSecretLength).max() ?? 0
        guard secret.count >= minimum else { throw .secretTooShort(minimum: minimum) }
        let candidate = Candidate(position: 1, id: nil, key: .success((.secret(secret), nil)))
        try self.init([candidate], algorithms: algorithms)
    }

    /// Returns the keys of a file that is a JSON Web Key or a set of them; nil for any other file.
    private static func secretCandidates(jwks bytes: [UInt8]) throws(KeySetError) -> [Candidate]? {
        guard case .object(let members)? = try? JSONValue(parsing: bytes, maximumDepth: 16) else { return nil }
        let candidates: [Candidate]
        if members["keys"] != nil {
            candidates = try Self.candidates(jwks: bytes)
        } else if members["kty"] != nil {
            candidates = [Candidate(jwk: .object(members), position: 1)]
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

    /// Returns the secret of a file that is not a JSON Web Key: without the line end that an editor adds, if everything else is
    /// printable ASCII, and unchanged otherwise.
    package static func secretWithoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        var text = bytes[...]
        if text.last == UInt8(ascii: "\n") {
            text.removeLast()
            if text.last == UInt8(ascii: "\r") { text.removeLast() }
        }
        return text.allSatisfy { (0x20...0x7E).contains($0) } ? Array(text) : bytes
    }
}
