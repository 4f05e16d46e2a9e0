// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// How a rule's files are stored, and what the store answers: what becomes the same form fields in every ticket.
///
/// A class: most rules say nothing of it and share ``standard``.
package final class StorageSettings: Sendable {
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
    /// The store's answer to an upload: 200, 201 or 204.
    package let successStatus: Int
    /// Where the store sends the browser after an upload, instead of a status.
    package let successRedirect: String?

    /// The fields between `Content-Type` and `Content-Disposition`.
    let fieldsBeforeDisposition: [FormField]
    /// The fields after `Content-Disposition`: tags, storage, encryption, fixed metadata.
    let fieldsAfterDisposition: [FormField]
    /// The end of the form: `success_action_status` or `success_action_redirect`.
    let successField: FormField
    /// What the fixed metadata counts towards S3's limit.
    let metadataBytes: Int
    /// What all of these fields take of the form: ``FormBudget``.
    package var formCost: Int { FormBudget.cost(fieldsBeforeDisposition + fieldsAfterDisposition + [successField]) }

    /// Where a rule says nothing of it.
    static let standard = StorageSettings(
        acl: nil, storageClass: nil, encryption: nil, tags: [], metadata: .none, cacheControl: nil, successStatus: 201,
        successRedirect: nil)

    private init(
        acl: String?, storageClass: String?, encryption: Encryption?, tags: [Tag], metadata: MetadataRule, cacheControl: String?,
        successStatus: Int, successRedirect: String?
    ) {
        self.acl = acl
        self.storageClass = storageClass
        self.encryption = encryption
        self.tags = tags
        self.metadata = metadata
        self.cacheControl = cacheControl
        self.successStatus = successStatus
        self.successRedirect = successRedirect

        var before: [FormField] = []
        if let acl { before.append(FormField(name: "acl", value: acl)) }
        if let cacheControl { before.append(FormField(name: "Cache-Control", value: cacheControl)) }
        fieldsBeforeDisposition = before

        var after: [FormField] = []
        if !tags.isEmpty { after.append(FormField(name: "tagging", value: Tag.document(tags))) }
        if let storageClass { after.append(FormField(name: "x-amz-storage-class", value: storageClass)) }
        switch encryption {
        case .aes256:
            after.append(FormField(name: "x-amz-server-side-encryption", value: "AES256"))
        case .kms(let type, let keyID):
            after.append(FormField(name: "x-amz-server-side-encryption", value: type))
            after.append(FormField(name: "x-amz-server-side-encryption-aws-kms-key-id", value: keyID))
        case nil:
            break
        }
        fieldsAfterDisposition = after.isEmpty ? metadata.fixed : after + metadata.fixed
        metadataBytes = metadata.fixed.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }

        // S3 heeds the redirect alone where a form has both.
        successField =
            successRedirect.map { FormField(name: "success_action_redirect", value: $0) }
            ?? FormField(name: "success_action_status", value: String(successStatus))
    }

    /// The settings with these values; ``standard`` where all are the defaults.
    package static func of(
        acl: String?, storageClass: String?, encryption: Encryption?, tags: [Tag], metadata: MetadataRule, cacheControl: String?,
        successStatus: Int, successRedirect: String?
    ) -> StorageSettings {
        if acl == nil, storageClass == nil, encryption == nil, tags.isEmpty, metadata == .none, cacheControl == nil,
            successStatus == standard.successStatus, successRedirect == nil
        {
            return standard
        }
        return StorageSettings(
            acl: acl, storageClass: storageClass, encryption: encryption, tags: tags, metadata: metadata,
            cacheControl: cacheControl, successStatus: successStatus, successRedirect: successRedirect)
    }
}

/// Server-side encryption that the rule asks the store for.
package enum Encryption: Sendable, Hashable {
    /// S3's own keys.
    case aes256
    /// A key in AWS KMS. `type` is `aws:kms` or `aws:kms:dsse`.
    case kms(type: String, keyID: String)
}

/// The `x-amz-meta-*` fields of a rule.
package struct MetadataRule: Sendable, Hashable {
    /// Set on every upload; names are complete (`x-amz-meta-…`), in the order of the file.
    package let fixed: [FormField]
    /// The names (without `x-amz-meta-`, lower case) a request may set, in the order of the file.
    package let allowed: [String]

    package init(fixed: [FormField], allowed: [String]) {
        self.fixed = fixed
        self.allowed = allowed
    }

    /// Neither fixed nor allowed metadata.
    package static let none = MetadataRule(fixed: [], allowed: [])

    /// What the form's fields begin with.
    package static let prefix = "x-amz-meta-"
    /// S3's limit for the names and values of an object's metadata together, in bytes.
    package static let limit = 2048
}

/// One object tag.
package struct Tag: Sendable, Hashable {
    /// 1 to 128 characters.
    package let key: String
    /// 0 to 256 characters.
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// The `tagging` field: S3's `<Tagging>` document.
    static func document(_ tags: [Tag]) -> String {
        let set = tags.map { tag in
            "<Tag><Key>\(tag.key.xmlEscaped(quotes: true))</Key><Value>\(tag.value.xmlEscaped(quotes: true))</Value></Tag>"
        }
        return "<Tagging><TagSet>\(set.joined())</TagSet></Tagging>"
    }
}
