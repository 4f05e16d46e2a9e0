// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern token`: a test token.
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a test token with a local key.",
        discussion: """
            For trying a service out: in production, tokens come from the identity provider.

            Example: postern token --key private.pem --issuer https://id.acme.example --audience uploads --user u1
            """
    )

    @Option(help: ArgumentHelp("A private key in PEM: RSA, EC or Ed25519.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("A shared secret, for HS256 (32 bytes or more), HS384 or HS512.", valueName: "file"))
    var secretFile: String?

    @Option(help: ArgumentHelp("The claim iss.", valueName: "url"))
    var issuer: String

    @Option(help: ArgumentHelp("The claim aud.", valueName: "name"))
    var audience: String

    @Option(help: ArgumentHelp("The user.", valueName: "id"))
    var user: String

    @Option(help: ArgumentHelp("The claim that names the user.", valueName: "name"))
    var userClaim = "sub"

    @Option(help: ArgumentHelp("The algorithm, such as PS256. (default: the key's own, RS256 or HS256)", valueName: "name"))
    var alg: String?

    @Option(help: ArgumentHelp("How long the token holds: 30s, 5m, 2h, 1d.", valueName: "duration"))
    var expires = "1h"

    @Option(help: ArgumentHelp("The id of the key, where the issuer's set has more than one.", valueName: "id"))
    var kid: String?

    @Option(help: ArgumentHelp("A further claim; may be given again.", valueName: "name=value"))
    var claim: [String] = []

    func validate() throws {
        guard (key == nil) != (secretFile == nil) else { throw ValidationError("Give one of --key and --secret-file.") }
        guard (try? Quantity.duration.parse(expires)) != nil else {
            throw ValidationError("--expires is a duration such as 30s, 5m, 2h or 1d, not '\(expires)'.")
        }
        // A name that appears twice makes the token invalid for every strict reader.
        var names: Set = ["iss", "aud", "iat", "exp"]
        guard names.insert(userClaim).inserted else {
            throw ValidationError("--user-claim cannot be '\(userClaim)': that claim is set already.")
        }
        for text in claim {
            guard let end = text.firstIndex(of: "="), end > text.startIndex else {
                throw ValidationError("--claim is name=value, not '\(text)'.")
            }
            guard names.insert(String(text[..<end])).inserted else {
                throw ValidationError("--claim \(text[..<end]): that claim is set already.")
            }
        }
    }

    func run() throws {
        let signer = try signer()
        let claims = TokenClaims(
            issuer: issuer,
            audience: audience,
            userClaim: userClaim,
            user: user,
            issuedAt: Date(),
            lifetime: (try? Quantity.duration.parse(expires)) ?? 3600,
            others: claim.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }
        )
        guard let token = signer.token(payload: claims.json, keyID: kid) else {
            throw TokenSigningError.keyUnusable(algorithm: alg)
        }
        print(token)
    }

    private func signer() throws -> TokenSigner {
        let algorithm = alg.flatMap { Algorithm(named: $0) }
        let signer: TokenSigner?
        if alg != nil, algorithm == nil {
            signer = nil
        } else if let key {
            signer = TokenSigner(pem: String(decoding: try read(key), as: UTF8.self), algorithm: algorithm)
        } else {
            let secret = KeySet.secretWithoutLineEnd(try read(secretFile ?? ""))
            let algorithm = algorithm ?? .hs256
            if let minimum = algorithm.minimumSecretLength, secret.count < minimum {
                throw TokenSigningError.secretTooShort(secret.count, algorithm: algorithm.rawValue, minimum: minimum)
            }
            signer = TokenSigner(secret: secret, algorithm: algorithm)
        }
        guard let signer else { throw TokenSigningError.keyUnusable(algorithm: alg) }
        return signer
    }

    private func read(_ path: String) throws -> [UInt8] {
        // More than any key has.
        guard let bytes = StandardStream.read(path: path, atMost: 64 * 1024) else {
            throw TokenSigningError.unreadable(path: path)
        }
        return bytes
    }
}
