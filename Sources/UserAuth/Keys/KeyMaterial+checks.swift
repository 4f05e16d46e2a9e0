// SPDX-License-Identifier: Apache-2.0

extension KeyMaterial {
    /// Checks the numbers of an RSA key. Leading zero bytes are dropped: some libraries write them (RFC 7518 section 6.3.1.1).
    static func rsa(modulus: [UInt8], publicExponent: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(publicExponent.drop { $0 == 0 })
        guard let first = modulus.first else { throw .malformed }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        // RFC 7518 section 3.3 sets the lower bound; the upper one bounds the work that a key can cause.
        guard (2048...8192).contains(bits) else { throw .rsaSize }
        // Verifying takes as long as the exponent, which in practice is 65537. With the exponent 1 every text is its own signature.
        guard exponent.count <= 5, exponent.count < 5 || exponent.first == 1 else { throw .rsaExponent }
        let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard value >= 3, value & 1 == 1 else { throw .rsaExponent }
        // A product of two primes is odd.
        guard let last = modulus.last, last & 1 == 1 else { throw .rejected }
        guard !BrokenRSAGenerator.mayHaveMade(modulus) else { throw .rsaWeak }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    /// Checks the lengths of a point's coordinates (RFC 7518 section 6.2.1.2: leading zeros stay).
    static func elliptic(curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        guard x.count == curve.coordinateLength, y.count == curve.coordinateLength else { throw .malformed }
        return .elliptic(curve, x: x, y: y)
    }

    /// Checks an encoded Ed25519 point.
    static func ed25519(point: [UInt8]) throws(SkippedKey.Reason) -> KeyMaterial {
        guard point.count == 32 else { throw .malformed }
        guard !Ed25519Point.hasSmallOrder(point) else { throw .weakPoint }
        return .ed25519(point)
    }
}
