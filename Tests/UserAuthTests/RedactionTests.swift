// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct RedactionTests {
    private static let secret = "a secret of 32 bytes and more..."

    /// The forms in which a value could print the secret.
    private static let forms: [String] = {
        let bytes = Array(secret.utf8)
        return [
            secret, bytes.map(String.init).joined(separator: ", "), Base64URL.encode(bytes), bytes.hexadecimal,
            // dump() prints one element of an array in each line.
            "- \(bytes[0])\n",
        ]
    }()

    private static func holders() throws -> [(name: String, value: Any, secrets: [String])] {
        let bytes = Array(secret.utf8)
        let candidate = KeySet.Candidate(position: 1, id: nil, key: .success((.secret(bytes), nil)))
        guard
            case .object(let jwk) = try JSONValue(
                parsing: Array(#"{"kty":"oct","k":"\#(Base64URL.encode(bytes))"}"#.utf8), maximumDepth: 4)
        else { return [] }
        var random = SystemRandomNumberGenerator()
        let apiKey = try #require(APIKey.generate(tenant: "acme", id: "cms", random: &random))
        let keySecret = try #require(apiKey.key.split(separator: ".").last.map(String.init))
        let signer = try #require(TokenSigner(secret: bytes, algorithm: .hs256))
        let pair = try #require(TokenSigner.generate(.es256))
        let pem = try #require(pair.privatePEM)
        let pemLine = try #require(pem.split(separator: "\n").dropFirst().first.map(String.init))
        let token = try #require(signer.token(payload: Array("{}".utf8), keyID: nil))
        let signature = try #require(token.split(separator: ".").last.map(String.init))
        let signatureBytes = try #require(Base64URL.decode(signature))
        return [
            ("KeyMaterial", KeyMaterial.secret(bytes), forms),
            ("KeySet.Candidate", candidate, forms),
            ("JSONWebKey", try JSONWebKey(jwk), forms),
            ("KeySet", try KeySet(secret: bytes, algorithms: [.hs256]), [secret, Base64URL.encode(bytes)]),
            ("TokenSigner with a secret", signer, forms),
            ("TokenSigner with a private key", pair, [pem, pemLine]),
            ("PEMBlock", try #require(PEMBlock.blocks(in: Array(pem.utf8)).first), [pem, pemLine]),
            ("APIKey", apiKey, [apiKey.key, keySecret]),
            (
                "CompactJWS", try CompactJWS(parsing: Array(token.utf8)),
                [token, signature, signatureBytes.map(String.init).joined(separator: ", "), "- \(signatureBytes[0])\n"]
            ),
        ]
    }

    @Test func `a value that holds a secret does not print it`() throws {
        let holders = try Self.holders()
        #expect(holders.count == 9)
        for (name, value, secrets) in holders {
            var dumped = ""
            dump(value, to: &dumped)
            let prints = ["\(value)", String(reflecting: value), dumped, "\([value])", "\(Optional(value) as Any)"]
            for print in prints {
                #expect(!secrets.contains { print.contains($0) }, "\(name): \(print)")
            }
        }
    }
}
