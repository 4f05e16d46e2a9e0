// SPDX-License-Identifier: Apache-2.0

import JWTKit

extension KeyMaterial {
    /// Makes jwt-kit's object for this key and an algorithm; it verifies synchronously and looks at nothing but the signature.
    /// - Parameter algorithm: one that suits the material.
    func verifier(for algorithm: Algorithm) async throws -> any JWTAlgorithm {
        let keys = JWTKeyCollection()
        switch self {
        case .rsa(let modulus, let exponent):
            let key = try Insecure.RSA.PublicKey(modulus: Base64URL.encode(modulus), exponent: Base64URL.encode(exponent))
            switch algorithm {
            case .rs384: await keys.add(rsa: key, digestAlgorithm: .sha384)
            case .rs512: await keys.add(rsa: key, digestAlgorithm: .sha512)
            case .ps256: await keys.add(pss: key, digestAlgorithm: .sha256)
            case .ps384: await keys.add(pss: key, digestAlgorithm: .sha384)
            case .ps512: await keys.add(pss: key, digestAlgorithm: .sha512)
            default: await keys.add(rsa: key, digestAlgorithm: .sha256)
            }
        case .elliptic(let curve, let x, let y):
            let point = (x: Base64URL.encode(x), y: Base64URL.encode(y))
            switch curve {
            case .p256: await keys.add(ecdsa: try ES256PublicKey(parameters: point))
            case .p384: await keys.add(ecdsa: try ES384PublicKey(parameters: point))
            case .p521: await keys.add(ecdsa: try ES512PublicKey(parameters: point))
            }
        case .ed25519(let point):
            await keys.add(eddsa: try EdDSA.PublicKey(x: Base64URL.encode(point), curve: .ed25519))
        case .secret(let bytes):
            let digest: DigestAlgorithm =
                switch algorithm {
                case .hs384: .sha384
                case .hs512: .sha512
                default: .sha256
                }
            await keys.add(hmac: HMACKey(from: bytes), digestAlgorithm: digest)
        }
        return try await keys.getKey()
    }
}
