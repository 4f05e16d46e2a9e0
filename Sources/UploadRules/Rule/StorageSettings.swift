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
    /// `Content-Encoding` of the stored file.
    package let contentEncoding: String?
    /// `Content-Language` of the stored file.
    package let contentLanguage: String?
    /// Whether an upload is refused if there is an object with its key.
    package let mustBeNew: Bool
    /// How files are uploaded, which decides the names of the fields.
    package let method: UploadMethod
    /// The status with which the store responds to an upload: 200, 201 or 204.
    package let successStatus: Int
    /// Where the store sends the browser after an upload, instead of a status.
    package let successRedirect: String?

    /// The fields between `Content-Type` and `Content-Disposition`.
    let fieldsBeforeDisposition: [FormField]
    /// The constant fields after `Content-Disposition`: tags, storage, encryption, fixed metadata.
    let fieldsAfterDisposition: [FormField]
    /// Whether there are fields whose values depend on the request: tags or metadata with placeholders.
    let hasComputedFields: Bool
    private let hasComputedTags: Bool
    /// The end of the form: `success_action_status` or `success_action_redirect`; nil if there is no form.
    let successField: FormField?
    /// The size of the constant metadata, as it counts towards ``MetadataRule/limit``.
    let metadataBytes: Int

    /// The maximum number of bytes that these fields may use in each upload. S3 reads 20 KB of a form before the file
    /// (`SignedForm.maximumBytes`); the rest is for the key, the session token, the signature and the fields that a request
    /// adds. The header fields of a `PUT` have a limit of their own.
    package var maximumCost: Int {
        switch method {
        case .post: 8000
        case .put: PutUpload.maximumHeaderBytes
        }
    }

    /// The bytes that these fields use in each form, or in the header of each `PUT`. A placeholder counts with its longest value.
    package var cost: Int {
        let fields = fieldsBeforeDisposition + fieldsAfterDisposition + (successField.map { [$0] } ?? [])
        var cost = fields.reduce(0) { $0 + self.cost(of: $1) }
        cost += metadata.computed.reduce(0) { $0 + self.cost(bytes: $1.name.utf8.count + $1.value.maximumBytes) }
        if hasComputedTags { cost += self.cost(bytes: 24 + tags.reduce(0) { $0 + $1.maximumBytes }) }
        return cost
    }

    private func cost(of field: FormField) -> Int {
        switch method {
        case .post:
            // The policy escapes quotes and backslashes.
            let escapes = field.value.utf8.count(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
            return cost(bytes: field.name.utf8.count + field.value.utf8.count, escapes: escapes)
        case .put:
            // As `PutUpload` adds it. Only metadata can be other than ASCII.
            return cost(bytes: field.name.utf8.count + EncodedWord.encodeIfNeeded(field.value).utf8.count)
        }
    }

    /// The bytes that a field uses: once in a header; twice in a form, as a part, and in base64 as a condition of the policy.
    /// - Parameters:
    ///   - bytes: of the name and the value
    ///   - escapes: how many bytes of the value the policy escapes
    private func cost(bytes: Int, escapes: Int = 0) -> Int {
        switch method {
        case .post:
            // The delimiter and header of a part with the longest boundary, and the punctuation of a condition.
            let overhead = 132
            return overhead + bytes + ((bytes + escapes) * 4 + 2) / 3
        case .put:
            // The colon and the space, and the end of the line.
            return bytes + 4
        }
    }

    /// The settings of a rule with only defaults.
    static let standard = StorageSettings(
        acl: nil, storageClass: nil, encryption: nil, tags: [], metadata: .none, cacheControl: nil, contentEncoding: nil,
        contentLanguage: nil, mustBeNew: false, method: .post, successStatus: 201, successRedirect: nil)

    private init(
        acl: String?, storageClass: String?, encryption: Encryption?, tags: [Tag], metadata: MetadataRule, cacheControl: String?,
        contentEncoding: String?, contentLanguage: String?, mustBeNew: Bool, method: UploadMethod, successStatus: Int,
        successRedirect: String?
    ) {
        self.acl = acl
        self.storageClass = storageClass
        self.encryption = encryption
        self.tags = tags
        self.metadata = metadata
        self.cacheControl = cacheControl
        self.contentEncoding = contentEncoding
        self.contentLanguage = contentLanguage
        self.mustBeNew = mustBeNew
        self.method = method
        self.successStatus = successStatus
        self.successRedirect = successRedirect

        var before: [FormField] = []
        if let acl { before.append(FormField(name: method == .post ? "acl" : "x-amz-acl", value: acl)) }
        if mustBeNew { before.append(FormField(name: "If-None-Match", value: "*")) }
        if let cacheControl { before.append(FormField(name: "Cache-Control", value: cacheControl)) }
        if let contentEncoding { before.append(FormField(name: "Content-Encoding", value: contentEncoding)) }
        if let contentLanguage { before.append(FormField(name: "Content-Language", value: contentLanguage)) }
        fieldsBeforeDisposition = before

        var after: [FormField] = []
        let constants = tags.compactMap { tag in tag.value.constant.map { (tag.key, $0) } }
        hasComputedTags = constants.count < tags.count
        hasComputedFields = hasComputedTags || !metadata.computed.isEmpty
        if !tags.isEmpty, !hasComputedTags { after.append(Tag.field(constants, for: method)) }
        if let storageClass { after.append(FormField(name: "x-amz-storage-class", value: storageClass)) }
        switch encryption {
        case .aes256:
            after.append(FormField(name: "x-amz-server-side-encryption", value: "AES256"))
        case .kms(let type, let keyID, let bucketKey):
            after.append(FormField(name: "x-amz-server-side-encryption", value: type))
            if let keyID { after.append(FormField(name: "x-amz-server-side-encryption-aws-kms-key-id", value: keyID)) }
            if bucketKey { after.append(FormField(name: "x-amz-server-side-encryption-bucket-key-enabled", value: "true")) }
        case nil:
            break
        }
        fieldsAfterDisposition = after.isEmpty ? metadata.fixed : after + metadata.fixed
        metadataBytes = metadata.fixed.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }

        // S3 ignores the status if a form has both.
        successField =
            method == .put
            ? nil
            : successRedirect.map { FormField(name: "success_action_redirect", value: $0) }
                ?? FormField(name: "success_action_status", value: String(successStatus))
    }

    /// Returns settings with these values: ``standard`` if all are defaults.
    package static func of(
        acl: String?, storageClass: String?, encryption: Encryption?, tags: [Tag], metadata: MetadataRule, cacheControl: String?,
        contentEncoding: String?, contentLanguage: String?, mustBeNew: Bool = false, method: UploadMethod = .post,
        successStatus: Int, successRedirect: String?
    ) -> StorageSettings {
        if acl == nil, storageClass == nil, encryption == nil, tags.isEmpty, metadata == .none, cacheControl == nil,
            contentEncoding == nil, contentLanguage == nil, !mustBeNew, method == .post, successStatus == standard.successStatus,
            successRedirect == nil
        {
            return standard
        }
        return StorageSettings(
            acl: acl, storageClass: storageClass, encryption: encryption, tags: tags, metadata: metadata,
            cacheControl: cacheControl, contentEncoding: contentEncoding, contentLanguage: contentLanguage, mustBeNew: mustBeNew,
            method: method, successStatus: successStatus, successRedirect: successRedirect)
    }
}

// MARK: Fields that depend on the request

extension StorageSettings {
    /// The placeholders in metadata and tags.
    package var placeholders: [KeyTemplate.Placeholder] {
        guard hasComputedFields else { return [] }
        return (metadata.computed.map(\.value) + tags.map(\.value)).flatMap(\.parts).compactMap { part in
            guard case .placeholder(let placeholder) = part else { return nil }
            return placeholder
        }
    }

    /// Whether metadata or tags have a placeholder.
    package func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool { placeholders.contains(placeholder) }

    /// Appends tags and metadata with placeholders. Metadata without a value is left out.
    /// - Parameter clientMetadata: the metadata that the request sets
    /// - Throws: `Refusal.userRequired`, `.claimMissing`, or `.invalid` if the metadata or a tag is too long or has characters that
    ///   a form does not take
    func appendComputedFields(
        _ values: KeyTemplate.Values, beside clientMetadata: [FormField], to fields: inout [FormField]
    ) throws(Refusal) {
        if hasComputedTags {
            var pairs: [(String, String)] = []
            for tag in tags { pairs.append((tag.key, try tag.value.tagValue(values))) }
            fields.append(Tag.field(pairs, for: method))
        }
        var bytes = metadataBytes + clientMetadata.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        for field in metadata.computed {
            let value = try field.value.metadataValue(values)
            if value.isEmpty { continue }
            bytes += field.name.utf8.count + value.utf8.count
            fields.append(FormField(name: field.name, value: value))
        }
        guard bytes <= MetadataRule.limit else { throw MetadataRule.tooLarge }
    }
}

/// The server-side encryption that a rule asks the store for.
package enum Encryption: Sendable, Hashable {
    /// S3's own keys.
    case aes256
    /// A key in AWS KMS. `type` is `aws:kms` or `aws:kms:dsse`. Without a `keyID` it is the account's own key for S3. With a bucket
    /// key, S3 asks KMS less often.
    case kms(type: String, keyID: String?, bucketKey: Bool = false)
}

/// The `x-amz-meta-*` fields of a rule.
package struct MetadataRule: Sendable, Hashable {
    /// The constant fields of every upload, with whole names (`x-amz-meta-…`), in the order of the file.
    package let fixed: [FormField]
    /// The further fields of every upload, whose values have placeholders.
    package let computed: [ComputedField]
    /// The names that a request may set, in lower case and without `x-amz-meta-`, in the order of the file.
    package let allowed: [String]

    /// A field whose value has placeholders.
    package struct ComputedField: Sendable, Hashable {
        /// The whole name.
        package let name: String
        package let value: FieldTemplate

        package init(name: String, value: FieldTemplate) {
            self.name = name
            self.value = value
        }
    }

    package init(fixed: [FormField], computed: [ComputedField] = [], allowed: [String]) {
        self.fixed = fixed
        self.computed = computed
        self.allowed = allowed
    }

    package static let none = MetadataRule(fixed: [], allowed: [])

    /// The prefix of the names of the form's fields.
    package static let prefix = "x-amz-meta-"
    /// S3's limit for the names and values of an object's metadata together, in bytes.
    package static let limit = 2048

    static let tooLarge = Refusal.invalid(
        "The metadata is larger than the \(limit) bytes that S3 stores; send less.", about: .metadata)
}

/// A tag of the stored object.
package struct Tag: Sendable, Hashable {
    /// 1 to 128 characters.
    package let key: String
    /// A text of 0 to 256 characters.
    package let value: FieldTemplate

    package init(key: String, value: FieldTemplate) {
        self.key = key
        self.value = value
    }

    package init(key: String, value: String) {
        self.init(key: key, value: FieldTemplate(constant: value))
    }

    /// The longest key, in UTF-16 units.
    package static let maximumKeyLength = 128
    /// The longest value, in UTF-16 units.
    package static let maximumValueLength = 256

    /// Whether AWS takes an ASCII character other than a space in a tag.
    package static func isAllowedASCII(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "+-=._:/@".utf8.contains(byte)
    }

    /// The most bytes that the tag can have in the document.
    fileprivate var maximumBytes: Int {
        // A computed value has at most this many bytes, and no character that XML escapes but in its literal text.
        key.utf8.count + 40 + (value.constant?.utf8.count ?? Self.maximumValueLength)
    }

    /// The field of a form, `tagging` with S3's `<Tagging>` document, or of a `PUT`: `x-amz-tagging: key=value&key=value`.
    static func field(_ tags: [(key: String, value: String)], for method: UploadMethod) -> FormField {
        if method == .put {
            let pairs = tags.map { "\(PercentEncoding.component.encode($0.key))=\(PercentEncoding.component.encode($0.value))" }
            return FormField(name: "x-amz-tagging", value: pairs.joined(separator: "&"))
        }
        let set = tags.map { tag in
            "<Tag><Key>\(tag.key.xmlEscaped(quotes: true))</Key><Value>\(tag.value.xmlEscaped(quotes: true))</Value></Tag>"
        }
        return FormField(name: "tagging", value: "<Tagging><TagSet>\(set.joined())</TagSet></Tagging>")
    }
}
