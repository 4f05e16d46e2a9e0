// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

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
    static func es256() -> SigningKey { made(.es256) }
    static func es384() -> SigningKey { made(.es384) }
    static func es512() -> SigningKey { made(.es512) }
    static func ed25519(as algorithm: Algorithm = .eddsa) -> SigningKey { made(algorithm) }

    static func made(_ algorithm: Algorithm) -> SigningKey {
        guard let signer = TokenSigner.generate(algorithm) else { fatalError("libcrypto made no key") }
        return SigningKey(signer)
    }

    /// A secret of any length, also one that no service takes.
    static func hmac(_ algorithm: Algorithm, secret: [UInt8]) -> SigningKey {
        guard let key = algorithm.digest.flatMap({ HMACKey($0, key: secret.span) }) else { fatalError("libcrypto has no HMAC") }
        return SigningKey(algorithm: algorithm, publicMembers: "\"kty\":\"oct\"") { input in
            var code = [UInt8](repeating: 0, count: key.digest.size)
            try #require(code.withUnsafeMutableBytes { code in input.withUnsafeBytes { key.authenticate($0, into: code) } })
            return code
        }
    }

    static func rsa(_ key: RSATestKey, _ algorithm: Algorithm = .rs256) throws -> SigningKey {
        SigningKey(try #require(TokenSigner(key.pair(), algorithm: algorithm)))
    }

    /// A key of each algorithm but the symmetric ones.
    static func asymmetric() throws -> [SigningKey] {
        try [Algorithm.es256, .es384, .es512, .eddsa, .ed25519].map { made($0) }
            + [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512].map { try rsa(.first, $0) }
    }

    private init(_ signer: TokenSigner) {
        let members: [(String, String)] =
            switch signer.publicMaterial {
            case .rsa(let modulus, let exponent)?:
                [("kty", "RSA"), ("e", Base64URL.encode(exponent)), ("n", Base64URL.encode(modulus))]
            case .elliptic(let curve, let x, let y)?:
                [("kty", "EC"), ("crv", curve.rawValue), ("x", Base64URL.encode(x)), ("y", Base64URL.encode(y))]
            case .ed25519(let point)?:
                [("kty", "OKP"), ("crv", "Ed25519"), ("x", Base64URL.encode(point))]
            case .secret?, nil:
                []
            }
        self.init(
            algorithm: signer.algorithm, publicMembers: members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        ) { try #require(signer.signature(of: $0)) }
    }
}
