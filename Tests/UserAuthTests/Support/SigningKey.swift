// SPDX-License-Identifier: Apache-2.0

import Crypto
import JWTKit

@testable import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A key of a made-up identity provider: signs tokens and shows its public part.
struct SigningKey: Sendable {
    let algorithm: Algorithm
    /// The members of the public key's JWK but for kid, alg, use.
    let publicMembers: String
    let sign: @Sendable ([UInt8]) throws -> [UInt8]

    /// The public key as a JWK.
    func jwk(kid: String? = "k1", alg: Bool = true, further: String = "") -> String {
        let id = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        let name = alg ? ",\"alg\":\"\(algorithm.rawValue)\"" : ""
        return "{\(publicMembers)\(id)\(name)\(further)}"
    }

    /// A compact JWS of exactly these texts.
    func token(header: String, payload: String) throws -> String {
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(payload.utf8)
        return try input + "." + Base64URL.encode(sign(Array(input.utf8)))
    }

    /// A token with the usual header.
    func token(_ claims: Claims = Claims(), kid: String? = "k1") throws -> String {
        let id = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        return try token(header: "{\"alg\":\"\(algorithm.rawValue)\",\"typ\":\"JWT\"\(id)}", payload: claims.json)
    }
}

extension SigningKey {
    static func es256() -> SigningKey {
        let key = P256.Signing.PrivateKey()
        let point = Array(key.publicKey.rawRepresentation)
        return SigningKey(algorithm: .es256, publicMembers: ecMembers("P-256", point)) { input in
            Array(try key.signature(for: Data(input)).rawRepresentation)
        }
    }

    static func es384() -> SigningKey {
        let key = P384.Signing.PrivateKey()
        let point = Array(key.publicKey.rawRepresentation)
        return SigningKey(algorithm: .es384, publicMembers: ecMembers("P-384", point)) { input in
            Array(try key.signature(for: Data(input)).rawRepresentation)
        }
    }

    static func es512() -> SigningKey {
        let key = P521.Signing.PrivateKey()
        let point = Array(key.publicKey.rawRepresentation)
        return SigningKey(algorithm: .es512, publicMembers: ecMembers("P-521", point)) { input in
            Array(try key.signature(for: Data(input)).rawRepresentation)
        }
    }

    static func ed25519(as algorithm: Algorithm = .eddsa) -> SigningKey {
        let key = Curve25519.Signing.PrivateKey()
        let x = Base64URL.encode(key.publicKey.rawRepresentation)
        return SigningKey(algorithm: algorithm, publicMembers: "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(x)\"") { input in
            Array(try key.signature(for: Data(input)))
        }
    }

    /// - Parameter secret: long enough for the algorithm.
    static func hmac(_ algorithm: Algorithm, secret: [UInt8]) -> SigningKey {
        let key = SymmetricKey(data: secret)
        return SigningKey(algorithm: algorithm, publicMembers: "\"kty\":\"oct\"") { input in
            switch algorithm {
            case .hs384: Array(HMAC<SHA384>.authenticationCode(for: input, using: key))
            case .hs512: Array(HMAC<SHA512>.authenticationCode(for: input, using: key))
            default: Array(HMAC<SHA256>.authenticationCode(for: input, using: key))
            }
        }
    }

    static func rsa(_ key: RSATestKey, _ algorithm: Algorithm = .rs256) async throws -> SigningKey {
        let privateKey = try Insecure.RSA.PrivateKey(
            modulus: key.modulus,
            exponent: "AQAB",
            privateExponent: key.privateExponent,
            prime1: key.prime1,
            prime2: key.prime2
        )
        let keys = JWTKeyCollection()
        switch algorithm {
        case .rs384: await keys.add(rsa: privateKey, digestAlgorithm: .sha384)
        case .rs512: await keys.add(rsa: privateKey, digestAlgorithm: .sha512)
        case .ps256: await keys.add(pss: privateKey, digestAlgorithm: .sha256)
        case .ps384: await keys.add(pss: privateKey, digestAlgorithm: .sha384)
        case .ps512: await keys.add(pss: privateKey, digestAlgorithm: .sha512)
        default: await keys.add(rsa: privateKey, digestAlgorithm: .sha256)
        }
        let signer = try await keys.getKey()
        return SigningKey(algorithm: algorithm, publicMembers: "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(key.modulus)\"") {
            input in
            try signer.sign(input)
        }
    }

    /// A key of each algorithm but the symmetric ones.
    static func asymmetric() async throws -> [SigningKey] {
        var keys = [es256(), es384(), es512(), ed25519(), ed25519(as: .ed25519)]
        for algorithm: Algorithm in [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512] {
            keys.append(try await rsa(.first, algorithm))
        }
        return keys
    }

    private static func ecMembers(_ curve: String, _ point: [UInt8]) -> String {
        let x = Base64URL.encode(point.prefix(point.count / 2))
        let y = Base64URL.encode(point.suffix(point.count / 2))
        return "\"kty\":\"EC\",\"crv\":\"\(curve)\",\"x\":\"\(x)\",\"y\":\"\(y)\""
    }
}
