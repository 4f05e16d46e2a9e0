// SPDX-License-Identifier: Apache-2.0

/// What a client asks for, as decoded from JSON; nothing in it has been checked.
package struct UploadRequest: Sendable {
    package var rule: String?
    package var filename: String?
    package var contentType: String
    /// The file's size in bytes; pins the range when present.
    package var size: Int?
    /// Base64 of the file's SHA-256.
    package var checksumSHA256: String?
    package var metadata: [(String, String)]
    /// On whose behalf: only with an API key.
    package var user: String?

    package init(
        rule: String? = nil,
        filename: String? = nil,
        contentType: String,
        size: Int? = nil,
        checksumSHA256: String? = nil,
        metadata: [(String, String)] = [],
        user: String? = nil
    ) {
        self.rule = rule
        self.filename = filename
        self.contentType = contentType
        self.size = size
        self.checksumSHA256 = checksumSHA256
        self.metadata = metadata
        self.user = user
    }
}
