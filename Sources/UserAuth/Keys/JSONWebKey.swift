// SPDX-License-Identifier: Apache-2.0

import WireFormats

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
