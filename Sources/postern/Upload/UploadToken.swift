// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import PosternClient
import WireFormats

/// Where `postern upload` has its token from: `--token`, `--token-file`, or the variable `POSTERN_TOKEN`.
enum UploadToken: Sendable {
    static let variable = "POSTERN_TOKEN"

    case text(String)
    /// Is read again when Postern refuses the token: another program may have renewed it.
    case file(String, first: String)

    /// - Throws: `ValidationError` if there is none, or more than one option
    init(text: String?, file: String?, environment: [String: String]) throws {
        switch (text, file) {
        case (_?, _?): throw ValidationError("Give one of --token and --token-file.")
        case (let text?, nil): self = .text(try CredentialInput.credential(in: Array(text.utf8)))
        case (nil, let file?): self = .file(file, first: try CredentialInput.credential(in: CredentialInput.contents(of: file)))
        case (nil, nil):
            guard let text = environment[Self.variable], !text.trimmed.isEmpty else {
                throw ValidationError("Give a token or an API key: set \(Self.variable), or name its file with --token-file.")
            }
            self = .text(try CredentialInput.credential(in: Array(text.utf8)))
        }
    }

    /// The token for a request.
    /// - Parameter refresh: whether Postern has refused the token that was there before
    @Sendable func current(refresh: Bool) throws -> String {
        switch self {
        case .text(let token): return token
        case .file(let path, let first):
            // A pipe was read to its end the first time.
            guard refresh, let bytes = try? LocalFile(path).contents(limit: CredentialInput.limit) else { return first }
            return try CredentialInput.credential(in: bytes)
        }
    }
}
