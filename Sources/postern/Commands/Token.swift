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

    @Option(help: ArgumentHelp("The issuer (claim iss), exactly as in the rule file.", valueName: "url"))
    var issuer: String

    @Option(help: ArgumentHelp("The audience (claim aud).", valueName: "name"))
    var audience: String

    @Option(help: ArgumentHelp("The user's id.", valueName: "id"))
    var user: String

    @Option(help: ArgumentHelp("The claim that names the user.", valueName: "name"))
    var userClaim = "sub"

    @Option(
        help: ArgumentHelp(
            "The algorithm, such as PS256. (default: what the key's type determines; RS256 for RSA, HS256 for a secret)",
            valueName: "name"))
    var alg: String?

    @Option(help: ArgumentHelp("How long the token is valid, such as 30s, 5m, 2h or 1d.", valueName: "duration"))
    var expires = "1h"

    @Option(help: ArgumentHelp("The id of the key (kid), if the issuer's set has more than one.", valueName: "id"))
    var kid: String?

    @Option(help: ArgumentHelp("A further claim; can be repeated.", valueName: "name=value"))
    var claim: [String] = []

    func validate() throws {
        guard (key == nil) != (secretFile == nil) else { throw ValidationError("Give one of --key and --secret-file.") }
        guard (try? Quantity.duration.parse(expires)) != nil else {
            throw ValidationError("--expires must be a duration such as 30s, 5m, 2h or 1d, not '\(expires)'.")
        }
        // A name that appears twice makes the token invalid for every strict reader.
        var names: Set = ["iss", "aud", "iat", "exp"]
        guard names.insert(userClaim).inserted else {
            throw ValidationError("--user-claim cannot be '\(userClaim)': that claim is set already.")
        }
        for text in claim {
            guard let end = text.firstIndex(of: "="), end > text.startIndex else {
                throw ValidationError("--claim must be name=value, not '\(text)'.")
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

/// The claims of a token to sign.
struct TokenClaims: Sendable {
    var issuer: String
    var audience: String
    /// The claim that names the user, and the user.
    var userClaim = "sub"
    var user: String
    var issuedAt: Date
    /// Seconds until `exp`.
    var lifetime: Int
    /// Further claims, each a string.
    var others: [(name: String, value: String)] = []

    /// The claims as JSON bytes.
    var json: [UInt8] {
        let now = Int(issuedAt.timeIntervalSince1970)
        return JSONWriter.object { json in
            json.member("iss", issuer)
            json.member("aud", audience)
            json.member(userClaim, user)
            json.member("iat", now)
            json.member("exp", now + lifetime)
            for (name, value) in others { json.member(name, value) }
        }
    }
}

/// Why a token could not be signed.
enum TokenSigningError: Error, CustomStringConvertible {
    case unreadable(path: String)
    case keyUnusable(algorithm: String?)
    case secretTooShort(Int, algorithm: String, minimum: Int)

    var description: String {
        switch self {
        case .unreadable(let path):
            "\(path): this file cannot be read; check its path and permissions"
        case .keyUnusable(let algorithm?):
            "the key cannot sign with \(algorithm): choose another --alg, or give a private key in PEM (for HS256, HS384 and HS512 a --secret-file) that fits it"
        case .keyUnusable(nil):
            "--key must be a private key in PEM without a passphrase: RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519"
        case .secretTooShort(let count, let algorithm, let minimum):
            "the secret has \(count) bytes: a secret for \(algorithm) needs \(minimum) or more"
        }
    }
}
