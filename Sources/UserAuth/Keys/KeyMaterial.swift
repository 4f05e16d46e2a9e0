// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What a key is made of, checked: sizes, exponents and weak keys. Whether a point is on its curve shows when the key is made.
enum KeyMaterial: Sendable {
    /// Modulus without leading zeros, exponent.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// Coordinates in the curve's full length.
    case elliptic(EllipticCurve, x: [UInt8], y: [UInt8])
    /// An encoded point of 32 bytes.
    case ed25519([UInt8])
    case secret([UInt8])

    /// Whether an algorithm can be used with a key of this kind: `kty` and `crv` agree with `alg`.
    func suits(_ algorithm: Algorithm) -> Bool {
        switch (self, algorithm) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512): true
        case (.elliptic(let curve, _, _), _): curve.algorithm == algorithm
        case (.ed25519, .eddsa), (.ed25519, .ed25519): true
        case (.secret, .hs256), (.secret, .hs384), (.secret, .hs512): true
        default: false
        }
    }

    /// The length of a signature in bytes.
    /// - Parameter algorithm: one that suits the material.
    func signatureLength(for algorithm: Algorithm) -> Int {
        switch self {
        case .rsa(let modulus, _): modulus.count
        case .elliptic(let curve, _, _): 2 * curve.coordinateLength
        case .ed25519: 64
        case .secret: algorithm.minimumSecretLength ?? 0
        }
    }

    /// The key's JWK thumbprint (RFC 7638) with SHA-256, 32 bytes.
    var thumbprint: [UInt8] {
        let json = JSONWriter.object { json in
            for (name, value) in thumbprintMembers { json.member(name, value) }
        }
        return DigestAlgorithm.sha256.hash(json)
    }

    /// The required members in the order of their names (RFC 7638 section 3.2; RFC 8037 section 2).
    private var thumbprintMembers: [(String, String)] {
        switch self {
        case .rsa(let modulus, let exponent):
            [("e", Base64URL.encode(exponent)), ("kty", "RSA"), ("n", Base64URL.encode(modulus))]
        case .elliptic(let curve, let x, let y):
            [("crv", curve.rawValue), ("kty", "EC"), ("x", Base64URL.encode(x)), ("y", Base64URL.encode(y))]
        case .ed25519(let point):
            [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.encode(point))]
        case .secret(let bytes):
            [("k", Base64URL.encode(bytes)), ("kty", "oct")]
        }
    }
}
