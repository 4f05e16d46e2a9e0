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

/// A JSON Web Key (RFC 7517) that may verify signatures, read member by member.
struct JSONWebKey {
    /// The longest `kid`, in bytes of UTF-8: a token's may not be longer either.
    static let maximumIDLength = 128

    let id: String?
    let material: KeyMaterial
    /// The one algorithm the key is for; nil where it does not say.
    let algorithm: Algorithm?

    /// Reads a key. `x5c`, `x5t`, `x5u` and unknown members are ignored.
    init(_ key: JSONObject) throws(SkippedKey.Reason) {
        id = try Self.readID(key)
        try Self.checkPurpose(key)
        material = try Self.readMaterial(key)
        algorithm = try Self.readAlgorithm(key)
        if let algorithm, !material.suits(algorithm) { throw .algorithmMismatch }
    }

    private static func readID(_ key: JSONObject) throws(SkippedKey.Reason) -> String? {
        switch key["kid"] {
        case nil: return nil
        case .string(let id) where id.utf8.count <= maximumIDLength: return id
        default: throw .idMalformed
        }
    }

    /// Sections 4.2 and 4.3: `use` is sig and `key_ops` has verify, where the key has them.
    private static func checkPurpose(_ key: JSONObject) throws(SkippedKey.Reason) {
        if let use = key["use"] {
            guard use == .string("sig") else { throw .notForSignatures }
        }
        if let operations = key["key_ops"] {
            guard case .array(let names) = operations, names.contains(.string("verify")) else { throw .notForSignatures }
        }
    }

    private static func readAlgorithm(_ key: JSONObject) throws(SkippedKey.Reason) -> Algorithm? {
        guard let value = key["alg"] else { return nil }
        guard case .string(let name) = value, let algorithm = Algorithm(named: name) else { throw .algorithmUnsupported }
        return algorithm
    }

    private static func readMaterial(_ key: JSONObject) throws(SkippedKey.Reason) -> KeyMaterial {
        guard case .string(let type)? = key["kty"] else { throw .typeUnsupported }
        if type.hasSameBytes(as: "oct") {
            return .secret(try bytes(key, "k"))
        }
        // RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2.
        guard ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].allSatisfy({ key[$0] == nil }) else { throw .privateKey }
        if type.hasSameBytes(as: "RSA") {
            return try .rsa(modulus: bytes(key, "n"), publicExponent: bytes(key, "e"))
        }
        if type.hasSameBytes(as: "EC") {
            guard case .string(let name)? = key["crv"], let curve = EllipticCurve(named: name) else { throw .curveUnsupported }
            return try .elliptic(curve: curve, x: bytes(key, "x"), y: bytes(key, "y"))
        }
        if type.hasSameBytes(as: "OKP") {
            guard case .string(let name)? = key["crv"], name.hasSameBytes(as: "Ed25519") else { throw .curveUnsupported }
            return try .ed25519(point: bytes(key, "x"))
        }
        throw .typeUnsupported
    }

    private static func bytes(_ key: JSONObject, _ name: String) throws(SkippedKey.Reason) -> [UInt8] {
        guard case .string(let text)? = key[name], let bytes = Base64URL.decode(text) else { throw .malformed }
        return bytes
    }
}
