// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import PosternServer

/// The local identity provider of `postern dev`: one ES256 key in a folder, made on the first start.
struct DevIdentity: Sendable {
    static let issuer = "https://id.dev.invalid"
    static let audience = "uploads"
    static let user = "dev-user"
    /// The public key's file name, which the example tenant names.
    static let publicKeyName = "public.pem"
    private static let privateKeyName = "private.pem"

    private let minter: TokenMinter

    init(folder: URL) async throws {
        let privateFile = folder.appendingPathComponent(Self.privateKeyName)
        let publicFile = folder.appendingPathComponent(Self.publicKeyName)
        if !FileManager.default.fileExists(atPath: privateFile.path) {
            let key = P256.Signing.PrivateKey()
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard
                FileManager.default.createFile(
                    atPath: privateFile.path,
                    contents: Data((key.pemRepresentation + "\n").utf8),
                    attributes: [.posixPermissions: 0o600]
                )
            else { throw SetupProblems(["\(privateFile.path): this file cannot be written"]) }
        }
        let pem = String(decoding: try Data(contentsOf: privateFile), as: UTF8.self)
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
            throw SetupProblems(["\(privateFile.path): this is not the ES256 key that was made here; remove it to have a new one"]
            )
        }
        // Written each time: it always belongs to the private key, whatever happened to the folder.
        try Data((key.publicKey.pemRepresentation + "\n").utf8).write(to: publicFile)
        minter = try await TokenMinter(pem: pem, algorithm: "ES256")
    }

    /// A token for the example user, good for twelve hours.
    func token(at now: Date) throws -> String {
        let claims = TokenClaims(
            issuer: Self.issuer, audience: Self.audience, user: Self.user, issuedAt: now, lifetime: 12 * 3600)
        return try minter.token(keyID: nil, claims: claims)
    }
}
