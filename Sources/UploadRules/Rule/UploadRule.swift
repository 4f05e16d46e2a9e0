// SPDX-License-Identifier: Apache-2.0

/// One rule of a tenant: what may be uploaded, and how it is stored.
///
/// A class, so that each request takes a reference and not a copy of the fields.
package final class UploadRule: Sendable {
    /// `[a-z0-9][a-z0-9_-]{0,62}`.
    package let name: String
    /// Where its files go.
    package let store: Store
    /// The folder part of the key; ends in `/`.
    package let keyPrefix: KeyTemplate
    /// The last part of the key; `{uuid}.{ext}` by default.
    package let keyName: KeyTemplate
    /// How file names are written in keys; with a hash if no `{uuid}` makes keys different.
    package let filenames: FilenameForm
    /// What a request gives for the key.
    package let parameters: [UploadParameter]
    /// The allowed content types.
    package let contentTypes: ContentTypeList
    /// `minSize` to `maxSize`, in bytes.
    package let sizes: ClosedRange<Int>
    /// What a size in the request means for the ticket.
    package let declaredSize: DeclaredSize
    /// How long a ticket is valid, in seconds.
    package let expiry: Int
    /// How the files are stored, and how the store responds.
    package let storage: StorageSettings
    /// `Content-Disposition` of the stored file.
    package let contentDisposition: DispositionType?
    /// Whether a request must have a checksum of the file, and which it may have.
    package let checksum: ChecksumRule
    /// The scope that the caller must have; nil if none is needed.
    package let requireScope: String?
    /// The names of the issuers whose users the rule is for; nil for all.
    package let issuers: [String]?
    /// Whether only API keys can use the rule.
    package let apiKeysOnly: Bool
    /// Rate limits.
    package let limits: RuleLimits

    /// Whether the client's file name is part of the key, of `Content-Disposition`, of metadata or of a tag, by its ending at least.
    package var usesFilename: Bool {
        hasFilename || contentDisposition != nil
            || (contentTypes.hasSeveralEndings && (keyPrefix.uses(.ext) || keyName.uses(.ext) || storage.uses(.ext)))
    }
    /// Whether `{filename}` is part of the key, of metadata or of a tag.
    package var hasFilename: Bool { keyPrefix.usesFilename || keyName.usesFilename || storage.uses(.filename) }
    /// The names of the attributes that are part of the key, of metadata or of tags, each once.
    package var attributes: [String] {
        KeyTemplate.attributes(of: keyPrefix.parts + keyName.parts + storage.placeholders.map { .placeholder($0) })
    }
    /// Whether the user is part of the key, of metadata or of a tag. A request with an API key must then name one.
    package var usesUser: Bool { keyPrefix.usesUser || keyName.usesUser || storage.uses(.user) }
    /// Whether the folders of the client's path are part of the key, of metadata or of a tag.
    package var usesPath: Bool { keyPrefix.uses(.path) || keyName.uses(.path) || storage.uses(.path) }

    package init(
        name: String,
        store: Store,
        keyPrefix: KeyTemplate,
        keyName: KeyTemplate,
        filenames: FilenameForm.Characters = .ascii,
        parameters: [UploadParameter] = [],
        contentTypes: ContentTypeList,
        sizes: ClosedRange<Int>,
        declaredSize: DeclaredSize = .exact,
        expiry: Int,
        storage: StorageSettings,
        contentDisposition: DispositionType?,
        checksum: ChecksumRule,
        requireScope: String?,
        issuers: [String]? = nil,
        apiKeysOnly: Bool = false,
        limits: RuleLimits
    ) {
        self.name = name
        self.store = store
        self.keyPrefix = keyPrefix
        self.keyName = keyName
        self.filenames = FilenameForm(filenames, hasHash: !keyPrefix.uses(.uuid) && !keyName.uses(.uuid))
        self.parameters = parameters
        self.contentTypes = contentTypes
        self.sizes = sizes
        self.declaredSize = declaredSize
        self.expiry = expiry
        self.storage = storage
        self.contentDisposition = contentDisposition
        self.checksum = checksum
        self.requireScope = requireScope
        self.issuers = issuers
        self.apiKeysOnly = apiKeysOnly
        self.limits = limits
    }
}

/// What a size that a request declares means for the ticket. A size outside of the rule's limits is refused in any case.
package enum DeclaredSize: String, Sendable, CaseIterable {
    /// The file must have exactly this size.
    case exact
    /// The file may be smaller, down to the rule's `minSize`.
    case atMost
    /// The rule's limits hold, whatever the request declares.
    case ignored
}
