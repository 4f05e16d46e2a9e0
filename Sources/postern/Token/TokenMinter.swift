// SPDX-License-Identifier: Apache-2.0

import Foundation
import JWTKit
import StrictJSON

/// Signs tokens with a local key, for trying a service out. Real tokens come from an identity provider.
struct TokenMinter: Sendable {
    private let algorithm: any JWTAlgorithm
    /// The JWS name of the algorithm, such as `ES256`.
    let name: String

    /// - Parameters:
    ///   - pem: a private key: RSA, EC P-256, P-384 or P-521, or Ed25519
    ///   - name: the algorithm; nil takes the key's own, and RS256 for RSA
    init(pem: String, algorithm name: String?) async throws {
        let pem = Self.withoutParameters(pem)
        let keys = JWTKeyCollection()
        var made: String?
        if let key = try? ES256PrivateKey(pem: pem) {
            made = "ES256"
            await keys.add(ecdsa: key)
        } else if let key = try? ES384PrivateKey(pem: pem) {
            made = "ES384"
            await keys.add(ecdsa: key)
        } else if let key = try? ES512PrivateKey(pem: pem) {
            made = "ES512"
            await keys.add(ecdsa: key)
        } else if let key = try? EdDSA.PrivateKey(pem: pem) {
            made = "EdDSA"
            await keys.add(eddsa: key)
        } else if let key = try? Insecure.RSA.PrivateKey(pem: pem) {
            made = try await Self.add(key, name ?? "RS256", to: keys)
        }
        guard let made, name == nil || name == made else {
            throw TokenProblem.keyUnusable(algorithm: name)
        }
        self.name = made
        self.algorithm = try await keys.getKey()
    }

    /// - Parameter secret: the bytes of a secret file, 32 or more
    init(secret: [UInt8], algorithm name: String?) async throws {
        guard secret.count >= 32 else { throw TokenProblem.secretTooShort(secret.count) }
        let keys = JWTKeyCollection()
        let key = HMACKey(from: secret)
        switch name ?? "HS256" {
        case "HS256": await keys.add(hmac: key, digestAlgorithm: .sha256)
        case "HS384": await keys.add(hmac: key, digestAlgorithm: .sha384)
        case "HS512": await keys.add(hmac: key, digestAlgorithm: .sha512)
        default: throw TokenProblem.keyUnusable(algorithm: name)
        }
        self.name = name ?? "HS256"
        self.algorithm = try await keys.getKey()
    }

    /// Signs a token.
    func token(keyID: String?, claims: TokenClaims) throws -> String {
        var header = JSONWriter()
        header.beginObject()
        header.key("alg")
        header.string(name)
        header.key("typ")
        header.string("JWT")
        if let keyID {
            header.key("kid")
            header.string(keyID)
        }
        header.endObject()
        let input = Self.base64URL(header.finish()) + "." + Self.base64URL(claims.json)
        let signature = try algorithm.sign(Array(input.utf8))
        return input + "." + Self.base64URL(signature)
    }

    private static func add(_ key: Insecure.RSA.PrivateKey, _ name: String, to keys: JWTKeyCollection) async throws -> String? {
        switch name {
        case "RS256": await keys.add(rsa: key, digestAlgorithm: .sha256)
        case "RS384": await keys.add(rsa: key, digestAlgorithm: .sha384)
        case "RS512": await keys.add(rsa: key, digestAlgorithm: .sha512)
        case "PS256": await keys.add(pss: key, digestAlgorithm: .sha256)
        case "PS384": await keys.add(pss: key, digestAlgorithm: .sha384)
        case "PS512": await keys.add(pss: key, digestAlgorithm: .sha512)
        default: return nil
        }
        return name
    }

    /// `openssl ecparam -genkey` writes the curve in a block of its own before the key, which names the curve itself.
    private static func withoutParameters(_ pem: String) -> String {
        guard let begin = pem.range(of: "-----BEGIN EC PARAMETERS-----"), let end = pem.range(of: "-----END EC PARAMETERS-----")
        else { return pem }
        return begin.lowerBound < end.lowerBound ? String(pem[..<begin.lowerBound] + pem[end.upperBound...]) : pem
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
