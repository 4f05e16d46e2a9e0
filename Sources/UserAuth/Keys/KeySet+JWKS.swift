// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// Reads a JSON Web Key Set (RFC 7517 section 5) of public keys.
    ///
    /// A key that cannot be used is skipped and listed in ``skipped``, so that a new type of key does not make the set unusable.
    /// - Parameters:
    ///   - bytes: the set as JSON.
    ///   - algorithms: the issuer's algorithms, none of them symmetric. A key that names no algorithm is used with those that
    ///     suit it.
    package init(jwks bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) {
        try Self.requireAsymmetric(algorithms)
        let candidates = try Self.candidates(jwks: bytes).map { candidate -> Candidate in
            guard case .success((.secret, _)) = candidate.key else { return candidate }
            return Candidate(position: candidate.position, id: candidate.id, issuer: candidate.issuer, key: .failure(.secret))
        }
        try self.init(candidates, algorithms: algorithms)
    }

    /// Reads each key of a set. One that cannot be used does not affect the others.
    static func candidates(jwks bytes: [UInt8]) throws(KeySetError) -> [Candidate] {
        guard bytes.count <= maximumLength else { throw .tooLarge(maximum: maximumLength) }
        let text: JSONValue
        do {
            text = try JSONValue(parsing: bytes, maximumDepth: 16)
        } catch {
            throw .notJSON(error)
        }
        guard case .object(let set) = text, case .array(let values)? = set["keys"] else { throw .notAKeySet }
        guard values.count <= maximumKeyCount else { throw .tooManyKeys(maximum: maximumKeyCount) }
        let candidates = values.enumerated().map { Candidate(jwk: $1, position: $0 + 1) }
        try requireUniqueIDs(candidates)
        return candidates
    }
}

extension KeySet.Candidate {
    init(jwk value: JSONValue, position: Int) {
        self.position = position
        guard case .object(let members) = value else {
            id = nil
            key = .failure(.notAnObject)
            return
        }
        if case .string(let id)? = members["kid"] { self.id = id } else { id = nil }
        // Microsoft's keys for all directories name the issuers that each is for.
        if case .string(let issuer)? = members["issuer"] { self.issuer = IssuerPattern(ofKey: issuer) }
        do throws(SkippedKey.Reason) {
            let webKey = try JSONWebKey(members)
            key = .success((webKey.material, webKey.algorithm))
        } catch {
            key = .failure(error)
        }
    }
}

/// A JSON Web Key (RFC 7517) that may be used to verify signatures.
struct JSONWebKey {
    /// The longest `kid` of a key or a token, in bytes of UTF-8.
    static let maximumIDLength = 128

    let id: String?
    let material: KeyMaterial
    /// The key's only algorithm; nil if it does not name one.
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

    /// Checks that `use` is `sig` and that `key_ops` has `verify`, if the key has these members (sections 4.2 and 4.3).
    private static func checkPurpose(_ key: JSONObject) throws(SkippedKey.Reason) {
        if let use = key["use"] {
            guard use == .string("sig") else { throw use == .string("enc") ? .forEncryption : .notForSignatures }
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
        // Members of private keys: RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2.
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
