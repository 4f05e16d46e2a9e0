// SPDX-License-Identifier: Apache-2.0

import JWTKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PEMBlock {
    /// The key in the block. Of a certificate only the key counts: whoever names the file trusts it, whatever its dates say.
    func material() throws(SkippedKey.Reason) -> KeyMaterial {
        switch label {
        case "PUBLIC KEY": return try publicKey()
        case "CERTIFICATE": return try certificateKey()
        default: throw .labelUnsupported
        }
    }

    private func publicKey() throws(SkippedKey.Reason) -> KeyMaterial {
        if let key = try? Insecure.RSA.PublicKey(pem: text) { return try Self.material(of: key) }
        if let key = try? ES256PublicKey(pem: text) { return try Self.material(of: key, on: .p256) }
        if let key = try? ES384PublicKey(pem: text) { return try Self.material(of: key, on: .p384) }
        if let key = try? ES512PublicKey(pem: text) { return try Self.material(of: key, on: .p521) }
        if let key = try? EdDSA.PublicKey(pem: text) { return try .ed25519(point: Array(key.rawRepresentation)) }
        throw namesRSA ? .rsaSize : .rejected
    }

    private func certificateKey() throws(SkippedKey.Reason) -> KeyMaterial {
        if let key = try? Insecure.RSA.PublicKey(certificatePEM: text) { return try Self.material(of: key) }
        if let key = try? ES256PublicKey(certificate: text) { return try Self.material(of: key, on: .p256) }
        if let key = try? ES384PublicKey(certificate: text) { return try Self.material(of: key, on: .p384) }
        if let key = try? ES512PublicKey(certificate: text) { return try Self.material(of: key, on: .p521) }
        throw .certificateUnsupported
    }

    private static func material(of key: Insecure.RSA.PublicKey) throws(SkippedKey.Reason) -> KeyMaterial {
        guard let numbers = try? key.getKeyPrimitives() else { throw .rejected }
        return try .rsa(modulus: Array(numbers.modulus), publicExponent: Array(numbers.publicExponent))
    }

    private static func material(of key: some ECDSAKey, on curve: EllipticCurve) throws(SkippedKey.Reason) -> KeyMaterial {
        guard
            let point = key.parameters,
            let x = Data(base64Encoded: point.x),
            let y = Data(base64Encoded: point.y)
        else { throw .rejected }
        return try .elliptic(curve: curve, x: Array(x), y: Array(y))
    }

    /// Whether the block's algorithm is rsaEncryption (RFC 8017 appendix C): then a key that was refused has a bad size.
    private var namesRSA: Bool {
        let body = text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().dropLast().joined()
        guard let der = Data(base64Encoded: Data(body)) else { return false }
        let rsaEncryption: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]
        return der.contains(rsaEncryption)
    }
}
