// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What a client asks for, as decoded from JSON. Its values have not been checked.
package struct UploadRequest: Sendable {
    /// The rule's name; nil means the only rule that the caller may use.
    package var rule: String?
    /// The file's name on the client.
    package var filename: String?
    /// The file's content type; empty if the client does not know it.
    package var contentType: String
    /// The file's size in bytes. What the store accepts then is up to the rule: ``DeclaredSize``.
    package var size: Int?
    /// A checksum of the file.
    package var checksum: RequestedChecksum?
    /// Names, without `x-amz-meta-`, and values of metadata.
    package var metadata: [(String, String)]
    /// The user on whose behalf the caller asks; only with an API key.
    package var user: String?
    /// Names and values of the rule's parameters.
    package var parameters: [(String, String)]
    /// The file's path on the client, with its name: `webkitRelativePath`.
    package var path: String?

    package init(
        rule: String? = nil,
        filename: String? = nil,
        contentType: String = "",
        size: Int? = nil,
        checksum: RequestedChecksum? = nil,
        metadata: [(String, String)] = [],
        user: String? = nil,
        parameters: [(String, String)] = [],
        path: String? = nil
    ) {
        self.rule = rule
        self.filename = filename
        self.contentType = contentType
        self.size = size
        self.checksum = checksum
        self.metadata = metadata
        self.user = user
        self.parameters = parameters
        self.path = path
    }
}

extension UploadRequest {
    /// Whether ``contentType`` has the form of one, and is not another text.
    package var hasMediaType: Bool { MediaType(contentType) != nil }
}

/// What admission needs to know about the authenticated caller.
package struct Uploader: Sendable {
    /// The maximum length of a user, in bytes of UTF-8. Encoded in a key, it is at most three times as long.
    package static let maximumUserBytes = 256

    /// The tenant's id.
    package let tenant: String
    /// The user the file belongs to: the token's, or the one on whose behalf an API key asks. Nil if the key names none.
    package let user: String?
    /// What `{issuer}` stands for: the issuer of ``user``. Nil if it has no name.
    package let issuer: String?
    /// What `{claim.NAME}` stands for, by the name. Empty for an API key.
    package let attributes: [(name: String, value: String)]
    /// The caller's scopes.
    package let scopes: [String]

    package init(
        tenant: String,
        user: String?,
        issuer: String? = nil,
        attributes: [(name: String, value: String)] = [],
        scopes: [String] = []
    ) {
        self.tenant = tenant
        self.user = user
        self.issuer = issuer
        self.attributes = attributes
        self.scopes = scopes
    }
}

extension Uploader {
    /// The user, for a rule that needs one.
    /// - Throws: `Refusal.userRequired`, or `.invalid` for an empty or too long user
    var requiredUser: String {
        get throws(Refusal) {
            guard let user else { throw .userRequired }
            guard !user.isEmpty else { throw .invalid("\"user\" is empty; name a user.", about: .user) }
            guard user.utf8.count <= Self.maximumUserBytes else {
                throw .invalid("\"user\" is longer than \(Self.maximumUserBytes) bytes; send a shorter one.", about: .user)
            }
            return user
        }
    }

    /// The value of `{claim.NAME}`.
    /// - Throws: `Refusal.claimMissing`
    func attribute(_ name: String) throws(Refusal) -> String {
        guard let attribute = attributes.first(where: { $0.name.hasSameBytes(as: name) }) else { throw .claimMissing(name) }
        return attribute.value
    }
}
