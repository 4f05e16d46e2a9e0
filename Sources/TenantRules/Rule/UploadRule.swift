// SPDX-License-Identifier: Apache-2.0

/// One rule of a tenant, parsed once into types that cannot hold a wrong value.
///
/// A class: each request takes a reference to it, not a copy of its twenty fields.
package final class UploadRule: Sendable {
    /// `[a-z0-9][a-z0-9_-]{0,62}`.
    package let name: String
    /// The folder part of the key; ends in `/`.
    package let keyPrefix: KeyTemplate
    /// The last part of the key; `{uuid}.{ext}` by default.
    package let keyName: KeyTemplate
    /// The allowed content types.
    package let contentTypes: ContentTypeList
    /// minSize…maxSize in bytes.
    package let sizes: ClosedRange<Int>
    /// How long a ticket holds, in seconds.
    package let expiry: Int
    /// A canned ACL, or nil for the bucket's default.
    package let acl: String?
    /// The storage class, or nil for the bucket's default.
    package let storageClass: String?
    /// Server-side encryption, or nil for the bucket's default.
    package let encryption: Encryption?
    /// Object tags.
    package let tags: [Tag]
    /// Fixed and allowed metadata.
    package let metadata: MetadataRule
    /// `Cache-Control` of the stored file.
    package let cacheControl: String?
    /// `Content-Disposition` of the stored file.
    package let contentDisposition: DispositionType?
    /// Whether a request must name the file's SHA-256.
    package let checksumRequired: Bool
    /// The store's answer to an upload: 200, 201 or 204.
    package let successStatus: Int
    /// Where the store sends the browser after an upload, instead of a status.
    package let successRedirect: String?
    /// The scope a caller must hold.
    package let requireScope: String?
    /// Rate limits.
    package let limits: RuleLimits

    /// Whether the client's file name becomes part of the key or of `Content-Disposition`.
    package var usesFilename: Bool {
        keyPrefix.usesFilename || keyName.usesFilename || contentDisposition != nil
    }
    /// Whether a key needs a user: an API key must then say on whose behalf it asks.
    package var usesUser: Bool { keyPrefix.usesUser || keyName.usesUser }

    /// The fields that are the same in every ticket of the rule, made once.
    let constant: ConstantFields

    init(
        name: String,
        keyPrefix: KeyTemplate,
        keyName: KeyTemplate,
        contentTypes: ContentTypeList,
        sizes: ClosedRange<Int>,
        expiry: Int,
        acl: String?,
        storageClass: String?,
        encryption: Encryption?,
        tags: [Tag],
        metadata: MetadataRule,
        cacheControl: String?,
        contentDisposition: DispositionType?,
        checksumRequired: Bool,
        successStatus: Int,
        successRedirect: String?,
        requireScope: String?,
        limits: RuleLimits,
        constant: ConstantFields
    ) {
        self.name = name
        self.keyPrefix = keyPrefix
        self.keyName = keyName
        self.contentTypes = contentTypes
        self.sizes = sizes
        self.expiry = expiry
        self.acl = acl
        self.storageClass = storageClass
        self.encryption = encryption
        self.tags = tags
        self.metadata = metadata
        self.cacheControl = cacheControl
        self.contentDisposition = contentDisposition
        self.checksumRequired = checksumRequired
        self.successStatus = successStatus
        self.successRedirect = successRedirect
        self.requireScope = requireScope
        self.limits = limits
        self.constant = constant
    }
}
