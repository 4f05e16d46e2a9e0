// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// The largest key material, in bytes.
    package static let maximumLength = 256 * 1024
    /// The most keys of a set.
    package static let maximumKeyCount = 64

    /// Reads a JSON Web Key Set (RFC 7517 section 5) of public keys.
    ///
    /// A key that cannot serve is skipped and listed in ``skipped``, so that one new kind of key does not take the issuer down.
    /// - Parameters:
    ///   - bytes: the set as JSON.
    ///   - algorithms: the issuer's, none of them symmetric. A key that names no algorithm serves those that suit it.
    package static func jwks(_ bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) -> KeySet {
        try requireAsymmetric(algorithms)
        let candidates = try readKeys(bytes).map { candidate -> Candidate in
            guard case .success((.secret, _)) = candidate.key else { return candidate }
            return Candidate(position: candidate.position, id: candidate.id, key: .failure(.secret))
        }
        return try making(candidates, for: algorithms)
    }

    /// Reads the keys of a set, each for itself.
    static func readKeys(_ bytes: [UInt8]) throws(KeySetError) -> [Candidate] {
        guard bytes.count <= maximumLength else { throw .tooLarge(maximum: maximumLength) }
        let text: JSONValue
        do {
            text = try JSONValue(parsing: bytes, maximumDepth: 16)
        } catch {
            throw .notJSON(error)
        }
        guard case .object(let set) = text, case .array(let values)? = set["keys"] else { throw .notAKeySet }
        guard values.count <= maximumKeyCount else { throw .tooManyKeys(maximum: maximumKeyCount) }
        let candidates = values.enumerated().map { Candidate(reading: $1, position: $0 + 1) }
        try refuseDuplicateIDs(candidates.compactMap(\.id))
        return candidates
    }
}

extension KeySet.Candidate {
    /// Reads a key of a set.
    init(reading value: JSONValue, position: Int) {
        self.position = position
        guard case .object(let members) = value else {
            id = nil
            key = .failure(.notAnObject)
            return
        }
        if case .string(let id)? = members["kid"] { self.id = id } else { id = nil }
        do throws(SkippedKey.Reason) {
            let webKey = try JSONWebKey(members)
            key = .success((webKey.material, webKey.algorithm))
        } catch {
            key = .failure(error)
        }
    }
}
