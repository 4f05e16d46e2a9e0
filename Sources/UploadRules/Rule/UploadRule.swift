// SPDX-License-Identifier: Apache-2.0

/// One rule of a tenant, parsed once into types that cannot hold a wrong value.
///
/// A class: each request takes a reference to it, not a copy of its fields.
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
    /// How its files are stored, and what the store answers.
    package let storage: StorageSettings
    /// `Content-Disposition` of the stored file.
    package let contentDisposition: DispositionType?
    /// Whether a request must name the file's SHA-256.
    package let checksumRequired: Bool
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

    package init(
        name: String,
        keyPrefix: KeyTemplate,
        keyName: KeyTemplate,
        contentTypes: ContentTypeList,
        sizes: ClosedRange<Int>,
        expiry: Int,
        storage: StorageSettings,
        contentDisposition: DispositionType?,
        checksumRequired: Bool,
        requireScope: String?,
        limits: RuleLimits
    ) {
        self.name = name
        self.keyPrefix = keyPrefix
        self.keyName = keyName
        self.contentTypes = contentTypes
        self.sizes = sizes
        self.expiry = expiry
        self.storage = storage
        self.contentDisposition = contentDisposition
        self.checksumRequired = checksumRequired
        self.requireScope = requireScope
        self.limits = limits
    }
}

/// What `Content-Disposition` the stored file gets (RFC 6266 §4.2).
package enum DispositionType: String, Sendable, Hashable, CaseIterable {
    /// Shown by a browser where it can.
    case inline
    /// Always offered for download.
    case attachment
}
