// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The numbers of a public key, or the bytes of a secret. They have passed the checks below, except that only creating an
/// ``AsymmetricKey`` shows whether a point is on its curve.
enum KeyMaterial: Sendable {
    /// Both big-endian, without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// Coordinates of the curve's full length.
    case elliptic(EllipticCurve, x: [UInt8], y: [UInt8])
    /// An encoded point of 32 bytes.
    case ed25519([UInt8])
    case secret([UInt8])

    /// Whether a key of this type and curve can be used with an algorithm.
    func suits(_ algorithm: Algorithm) -> Bool {
        switch (self, algorithm) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512): true
        case (.elliptic(let curve, _, _), _): curve.algorithm == algorithm
        case (.ed25519, .eddsa), (.ed25519, .ed25519): true
        case (.secret, .hs256), (.secret, .hs384), (.secret, .hs512): true
        default: false
        }
    }

    /// Returns the length of a signature, in bytes.
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

    /// The required members, in lexicographic order (RFC 7638 section 3.2, RFC 8037 section 2).
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

extension KeyMaterial: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The type of key, without any part of a secret.
    var description: String {
        switch self {
        case .rsa(let modulus, _): "RSA key of \(modulus.count * 8) bits"
        case .elliptic(let curve, _, _): "\(curve.rawValue) key"
        case .ed25519: "Ed25519 key"
        case .secret: "secret"
        }
    }

    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: Checks

extension KeyMaterial {
    /// Checks the numbers of an RSA key. Leading zero bytes are removed, because some libraries write them (RFC 7518 section 6.3.1.1).
    static func rsa(modulus: [UInt8], publicExponent: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(publicExponent.drop { $0 == 0 })
        guard let first = modulus.first else { throw .malformed }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        // The lower bound is that of RFC 7518 section 3.3; the upper one limits the cost of a verification.
        guard (2048...8192).contains(bits) else { throw .rsaSize }
        // The cost of a verification grows with the exponent, which in practice is 65537. With the exponent 1, every message is its
        // own signature.
        guard exponent.count <= 5, exponent.count < 5 || exponent.first == 1 else { throw .rsaExponent }
        let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard value >= 3, value & 1 == 1 else { throw .rsaExponent }
        // A product of two primes is odd.
        guard let last = modulus.last, last & 1 == 1 else { throw .rejected }
        guard !KeyMaterial.hasROCAFingerprint(modulus) else { throw .rsaWeak }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    /// Checks the lengths of a point's coordinates, which include leading zeros (RFC 7518 section 6.2.1.2).
    static func elliptic(curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        guard x.count == curve.coordinateLength, y.count == curve.coordinateLength else { throw .malformed }
        return .elliptic(curve, x: x, y: y)
    }

    /// Checks an encoded Ed25519 point.
    static func ed25519(point: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        guard point.count == 32 else { throw .malformed }
        guard !hasSmallOrder(point) else { throw .weakPoint }
        return .ed25519(point)
    }
}

// MARK: Weak keys

extension KeyMaterial {
    private static let smallPrimes: [UInt32] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
        131, 137, 139, 149, 151, 157, 163, 167,
    ]

    /// Whether an RSA modulus (big-endian) has the fingerprint of Infineon's RSALib, whose keys can be factored (ROCA,
    /// CVE-2017-15361).
    ///
    /// The library's primes are powers of 65537 modulo a product of small primes, and so is their product. A modulus that is
    /// such a power modulo each small prime is almost certainly from it; a sound modulus has this property with a probability
    /// of about 2^-27. (Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", 2017, section 3.3.)
    static func hasROCAFingerprint(_ modulus: [UInt8]) -> Bool {
        smallPrimes.allSatisfy { prime in
            let remainder = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
            return isPowerOf65537(remainder, modulo: prime)
        }
    }

    private static func isPowerOf65537(_ number: UInt32, modulo prime: UInt32) -> Bool {
        let generator = 65537 % prime
        var power: UInt32 = 1
        repeat {
            if power == number { return true }
            power = power * generator % prime
        } while power != 1
        return false
    }

    /// The y coordinates of Ed25519's points of order 1, 2, 4 and 8, little-endian, with their second encodings (y + p if that
    /// fits into 255 bits). The top bit of an encoded point is the sign of x and is ignored.
    private static let smallOrderPoints: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    ]

    /// Whether an encoded Ed25519 point has a small order. Anyone can forge signatures for such a key, and libcrypto accepts them.
    private static func hasSmallOrder(_ point: [UInt8]) -> Bool {
        guard let last = point.last else { return true }
        let y = point.dropLast() + [last & 0x7F]
        return smallOrderPoints.contains { $0.elementsEqual(y) }
    }
}
