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
    /// How long a ticket is valid, in seconds.
    package let expiry: Int
    /// How the files are stored, and how the store responds.
    package let storage: StorageSettings
    /// `Content-Disposition` of the stored file.
    package let contentDisposition: DispositionType?
    /// Whether a request must have the file's SHA-256.
    package let checksumRequired: Bool
    /// The scope that the caller must have; nil if none is needed.
    package let requireScope: String?
    /// The names of the issuers whose users the rule is for; nil for all.
    package let issuers: [String]?
    /// Whether only API keys can use the rule.
    package let apiKeysOnly: Bool
    /// Rate limits.
    package let limits: RuleLimits

    /// Whether the client's file name is part of the key or of `Content-Disposition`, by its ending at least.
    package var usesFilename: Bool {
        keyPrefix.usesFilename || keyName.usesFilename || contentDisposition != nil
            || (contentTypes.hasSeveralEndings && (keyPrefix.uses(.ext) || keyName.uses(.ext)))
    }
    /// The names of the attributes that are part of the key, each once.
    package var attributes: [String] { KeyTemplate.attributes(of: keyPrefix.parts + keyName.parts) }
    /// Whether the folders of the client's path are part of the key.
    package var usesPath: Bool { keyPrefix.uses(.path) || keyName.uses(.path) }
    /// Whether the user is part of the key. A request with an API key must then name one.
    package var usesUser: Bool { keyPrefix.usesUser || keyName.usesUser }

    package init(
        name: String,
        store: Store,
        keyPrefix: KeyTemplate,
        keyName: KeyTemplate,
        filenames: FilenameForm.Characters = .ascii,
        parameters: [UploadParameter] = [],
        contentTypes: ContentTypeList,
        sizes: ClosedRange<Int>,
        expiry: Int,
        storage: StorageSettings,
        contentDisposition: DispositionType?,
        checksumRequired: Bool,
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
        self.expiry = expiry
        self.storage = storage
        self.contentDisposition = contentDisposition
        self.checksumRequired = checksumRequired
        self.requireScope = requireScope
        self.issuers = issuers
        self.apiKeysOnly = apiKeysOnly
        self.limits = limits
    }
}
