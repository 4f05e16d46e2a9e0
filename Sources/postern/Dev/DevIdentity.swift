// SPDX-License-Identifier: Apache-2.0

import PosternServer
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The identity provider of `postern dev`: an ES256 key in a folder, made at the first start.
struct DevIdentity: Sendable {
    static let issuer = "https://id.dev.invalid"
    static let audience = "uploads"
    /// The users that the page can be; the printed commands are the first one's.
    static let users = ["dev-user", "second-user"]
    /// How long a token of the page is valid, in seconds. The page asks for the next one in time.
    static let pageLifetime = 600
    /// The public key's file name, which the example tenant names.
    static let publicKeyName = "public.pem"
    private static let privateKeyName = "private.pem"

    private let signer: TokenSigner

    init(folder: URL) throws {
        let privateFile = folder.appendingPathComponent(Self.privateKeyName)
        let publicFile = folder.appendingPathComponent(Self.publicKeyName)
        if !FileManager.default.fileExists(atPath: privateFile.path) {
            guard let pem = TokenSigner.generate(.es256)?.privatePEM else {
                throw SetupError(["libcrypto could not make an ES256 key"])
            }
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard
                FileManager.default.createFile(
                    atPath: privateFile.path,
                    contents: Data(pem.utf8),
                    attributes: [.posixPermissions: 0o600]
                )
            else { throw SetupError(["\(privateFile.path): this file cannot be written"]) }
        }
        let pem = String(decoding: try Data(contentsOf: privateFile), as: UTF8.self)
        guard let signer = TokenSigner(pem: pem, algorithm: .es256), let publicPEM = signer.publicPEM else {
            throw SetupError([
                "\(privateFile.path): this is not the ES256 key that 'postern dev' made; delete the file to get a new key"
            ]
            )
        }
        // Written at each start, so that it always matches the private key.
        try Data(publicPEM.utf8).write(to: publicFile)
        self.signer = signer
    }

    /// Returns a token.
    /// - Parameter lifetime: in seconds
    func token(for user: String = users[0], lifetime: Int = 12 * 3600, at now: Date) throws -> String {
        let claims = TokenClaims(
            issuer: Self.issuer, audience: Self.audience, user: user, issuedAt: now, lifetime: lifetime)
        guard let token = signer.token(payload: claims.json, keyID: nil) else {
            throw TokenSigningError.keyUnusable(algorithm: nil)
        }
        return token
    }
}
