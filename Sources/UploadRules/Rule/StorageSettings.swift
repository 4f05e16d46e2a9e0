// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// How a rule's files are stored, and how the store responds: the settings that become the same form fields in every ticket.
///
/// A class, since most rules have only defaults and share ``standard``.
package final class StorageSettings: Sendable {
    /// A canned ACL; nil for the bucket's default.
    package let acl: String?
    /// The storage class; nil for the bucket's default.
    package let storageClass: String?
    /// Server-side encryption; nil for the bucket's default.
    package let encryption: Encryption?
    /// Object tags.
    package let tags: [Tag]
    /// Fixed and allowed metadata.
    package let metadata: MetadataRule
    /// `Cache-Control` of the stored file.
    package let cacheControl: String?
    /// The status with which the store responds to an upload: 200, 201 or 204.
    package let successStatus: Int
    /// Where the store sends the browser after an upload, instead of a status.
    package let successRedirect: String?

    /// The fields between `Content-Type` and `Content-Disposition`.
    let fieldsBeforeDisposition: [FormField]
    /// The fields after `Content-Disposition`: tags, storage, encryption, fixed metadata.
    let fieldsAfterDisposition: [FormField]
    /// The end of the form: `success_action_status` or `success_action_redirect`.
    let successField: FormField
    /// The size of the fixed metadata, as it counts towards ``MetadataRule/limit``.
    let metadataBytes: Int

    /// The maximum number of bytes that these fields may use in each form. S3 reads 20 KB before the file
    /// (`SignedForm.maximumBytes`); the rest is for the key, the session token, the signature and the fields that a request
    /// adds.
    package static let maximumFormCost = 8000

    /// An upper bound on the bytes that these fields use in each form.
    ///
    /// Each field is in the form twice: as a part, and in base64 as a condition of the policy.
    package var formCost: Int {
        (fieldsBeforeDisposition + fieldsAfterDisposition + [successField]).reduce(0) { cost, field in
            // The policy escapes quotes and backslashes.
            let escapes = field.value.utf8.count(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
            let bytes = field.name.utf8.count + field.value.utf8.count
            // The delimiter and header of a part with the longest boundary, and the punctuation of a condition.
            let overhead = 132
            return cost + overhead + bytes + ((bytes + escapes) * 4 + 2) / 3
        }
    }

    /// The settings of a rule with only defaults.
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

        // S3 ignores the status if a form has both.
        successField =
            successRedirect.map { FormField(name: "success_action_redirect", value: $0) }
            ?? FormField(name: "success_action_status", value: String(successStatus))
    }

    /// Returns settings with these values: ``standard`` if all are defaults.
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

/// The server-side encryption that a rule asks the store for.
package enum Encryption: Sendable, Hashable {
    /// S3's own keys.
    case aes256
    /// A key in AWS KMS. `type` is `aws:kms` or `aws:kms:dsse`.
    case kms(type: String, keyID: String)
}

/// The `x-amz-meta-*` fields of a rule.
package struct MetadataRule: Sendable, Hashable {
    /// The fields of every upload, with whole names (`x-amz-meta-…`), in the order of the file.
    package let fixed: [FormField]
    /// The names that a request may set, in lower case and without `x-amz-meta-`, in the order of the file.
    package let allowed: [String]

    package init(fixed: [FormField], allowed: [String]) {
        self.fixed = fixed
        self.allowed = allowed
    }

    package static let none = MetadataRule(fixed: [], allowed: [])

    /// The prefix of the names of the form's fields.
    package static let prefix = "x-amz-meta-"
    /// S3's limit for the names and values of an object's metadata together, in bytes.
    package static let limit = 2048
}

/// A tag of the stored object.
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
