// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

// How a file is stored, and what the store answers.

extension RuleReader {
    func readStorage(_ section: Section) -> StorageSettings {
        let status = Self.successStatus.read(from: section, self)
        let redirect = Self.successRedirect.read(from: section, self)
        if let status, redirect != nil {
            section.log.problem(
                at: status.position,
                "successStatus has no effect beside successRedirect",
                "keep one of the two"
            )
        }
        let acl = Self.acl.read(from: section, self)
        let overwrite = Self.overwrite.read(from: section, self)
        checkMethod(status: status, redirect: redirect, overwrite: overwrite, log: section.log)
        return StorageSettings.of(
            acl: acl.map { $0.value == "none" ? nil : $0.value } ?? standardACL,
            storageClass: Self.storageClass.read(from: section, self)?.value,
            encryption: Self.encryption.read(from: section, self),
            tags: Self.tags.read(from: section, self),
            metadata: Self.metadata.read(from: section, self),
            cacheControl: Self.cacheControl.read(from: section, self)?.value,
            contentEncoding: Self.contentEncoding.read(from: section, self)?.value,
            contentLanguage: Self.contentLanguage.read(from: section, self)?.value,
            mustBeNew: overwrite?.value == "never",
            method: method,
            successStatus: status.flatMap { Int($0.value) } ?? 201,
            successRedirect: redirect?.value
        )
    }

    /// How files are uploaded to the rule's store.
    var method: UploadMethod { store?.store?.method ?? .post }

    /// The ACL of a `PUT` whose rule has none. A `PUT` that signs no ACL lets the client send one, unless the store refuses what is
    /// not signed, as AWS does, or has no ACLs of objects.
    private var standardACL: String? {
        guard method == .put, !isAWS, let host = store?.store?.endpoint.host else { return nil }
        return StoreProvider(host: host) == nil ? "private" : nil
    }

    /// Reports what only a form, or only a `PUT`, can have.
    private func checkMethod(
        status: Located<String>?, redirect: Located<String>?, overwrite: Located<String>?, log: DiagnosticLog
    ) {
        switch method {
        case .put:
            if let status {
                log.problem(at: status.position, "with method: put the store always answers 200", "remove successStatus")
            }
            if let redirect {
                log.problem(at: redirect.position, "with method: put the store does not redirect", "remove successRedirect")
            }
        case .post:
            if let overwrite, overwrite.value == "never" {
                log.problem(
                    at: overwrite.position,
                    "overwrite: never is only for a store with method: put: a form has no condition on existing objects",
                    "add {uuid} to keyName, so that no two uploads have one key"
                )
            }
        }
    }

    static let overwrite = Key<RuleReader, Located<String>?>(
        "overwrite",
        takes:
            "`allowed`, or `never`: the store refuses an upload if there is an object with its key (`If-None-Match: *`). `never` needs "
            + "a store with `method: put`",
        standard: "`allowed`",
        example: "never"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: ["allowed", "never"], what: "a value of overwrite")
        }
    }

    static let acl = Key<RuleReader, Located<String>?>(
        "acl",
        takes: "`private`, `public-read`, `public-read-write`, `authenticated-read`, `aws-exec-read`, `bucket-owner-read` or "
            + "`bucket-owner-full-control`; with a store of `method: put` also `none`",
        standard: "not sent; with `method: put` `private`, but for AWS, R2 and B2",
        example: "bucket-owner-full-control"
    ) { section, key, reader in
        // The canned ACLs that S3 knows for objects.
        let known = [
            "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
            "bucket-owner-full-control",
        ]
        let acl = section.value(key) { text throws(ValueError) in
            guard text.hasSameBytes(as: "none") else { return try Choice.parse(text, of: known, what: "a canned ACL") }
            guard reader.method == .put else {
                throw ValueError("acl: none is only for a store with method: put", "remove the line: no ACL is sent")
            }
            return text
        }
        guard let acl else { return nil }
        // Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
        let isRefused = reader.isAWS && acl.value != "bucket-owner-full-control" && acl.value != "none"
        if acl.value == "public-read-write" {
            section.log.warning(
                at: acl.position,
                "with public-read-write anyone may overwrite the files"
                    + (isRefused ? ", and buckets of AWS made since April 2023 refuse it" : ""),
                isRefused ? "remove acl, and let a bucket policy say who may read" : "write public-read, or private"
            )
        } else if isRefused {
            section.log.warning(
                at: acl.position,
                "buckets of AWS made since April 2023 have ACLs disabled, and refuse every upload with the ACL \(acl.value.quoted)",
                "remove acl, and let a bucket policy say who may read; or write bucket-owner-full-control"
            )
        }
        return acl
    }

    static let storageClass = Key<RuleReader, Located<String>?>(
        "storageClass",
        takes: "on AWS one of its classes, at other stores a word of 1 to 64 letters, digits, `_`, `-` and `.`",
        standard: "the bucket's",
        example: "STANDARD_IA"
    ) { section, key, reader in
        let known = [
            "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
            "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "FSX_OPENZFS",
        ]
        return section.value(key) { text throws(ValueError) in
            if reader.isAWS { return try Choice.parse(text, of: known, what: "a storage class") }
            // Other stores name classes of their own.
            let isWord = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "_-.".utf8.contains($0) }
            guard isWord, (1...64).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not a storage class", "write one word: STANDARD")
            }
            return text
        }
    }

    static let cacheControl = Key<RuleReader, Located<String>?>(
        "cacheControl",
        takes: "ASCII text, 1 to 1024 bytes: the object's `Cache-Control`",
        standard: "not sent",
        example: "public, max-age=31536000, immutable"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let text = try PlainText.fieldValue(text, what: key)
            // A header's value: visible ASCII and spaces.
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw ValueError("\(key) is not ASCII", "write ASCII only") }
            return text
        }
    }

    static let contentDisposition = Key<RuleReader, Located<DispositionType>?>(
        "contentDisposition",
        takes: "`inline` or `attachment`: the object's `Content-Disposition`, with the client's file name",
        standard: "not sent",
        example: "attachment"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: DispositionType.self, what: "a disposition")
        }
    }

    static let contentEncoding = Key<RuleReader, Located<String>?>(
        "contentEncoding",
        takes: "a coding, or several with commas between them, at most 128 bytes: the object's `Content-Encoding`, for files "
            + "that the client compresses",
        standard: "not sent",
        example: "gzip"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let codings = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
            guard text.utf8.count <= 128, codings.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ByteSet.token.contains) }) else {
                throw ValueError(
                    "\(text.quoted) is not a content coding", "write gzip, br or another name; several as “gzip, br”")
            }
            for coding in codings.map({ $0.lowercased() }) {
                if coding == "identity" {
                    throw ValueError("identity means that there is no coding", "remove contentEncoding")
                }
                // S3 takes it as a coding of the request itself, which a form does not have.
                if coding == "aws-chunked" {
                    throw ValueError("aws-chunked is no coding of a stored file", "write the coding of the file, such as gzip")
                }
            }
            return text
        }
    }

    static let contentLanguage = Key<RuleReader, Located<String>?>(
        "contentLanguage",
        takes: "a language tag, or several with commas between them, at most 128 bytes: the object's `Content-Language`",
        standard: "not sent",
        example: "de-CH"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let tags = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
            guard text.utf8.count <= 128, tags.allSatisfy(Self.isLanguage) else {
                throw ValueError("\(text.quoted) is not a language tag", "write en, de-CH or zh-Hant; several as “en, de”")
            }
            return text
        }
    }

    /// Whether the text has the form of a language tag: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters (RFC 5646,
    /// section 2.1, without its private and irregular tags).
    private static func isLanguage(_ tag: Substring) -> Bool {
        let subtags = tag.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = subtags.first, (2...8).contains(first.utf8.count), first.utf8.allSatisfy(\.isASCIILetter) else {
            return false
        }
        return subtags.allSatisfy { (1...8).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isASCIILetterOrDigit) }
    }

    static let successStatus = Key<RuleReader, Located<String>?>(
        "successStatus",
        takes: "`200`, `201` or `204`: the store's answer to an upload",
        standard: "`201`",
        example: "204"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: ["200", "201", "204"], what: "a status of an upload")
        }
    }

    static let successRedirect = Key<RuleReader, Located<String>?>(
        "successRedirect",
        takes: "URL, 1 to 2048 bytes, to which the store redirects after an upload; not together with `successStatus`",
        standard: "none",
        example: "https://app.acme.example/done"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try PlainText.fieldValue(try WebURL.parse(text), what: key, atMost: 2048)
        }
    }
}

// MARK: Encryption

extension RuleReader {
    /// `encryption: AES256` or `aws:kms`, or `encryption: {type: aws:kms, keyId: …}`.
    static let encryption = Key<RuleReader, Encryption?>(
        "encryption",
        takes: "`AES256`, `aws:kms` or `aws:kms:dsse`, or a mapping: [`rules.encryption`](#rulesencryption)",
        standard: "the bucket's",
        example: "AES256"
    ) { section, key, _ in
        guard let entry = section[key] else { return nil }
        guard case .mapping = entry.value.content else {
            return section.value(key) { text throws(ValueError) in
                switch text {
                case "AES256": return Encryption.aes256
                case "aws:kms", "aws:kms:dsse": return .kms(type: text, keyID: nil)
                default:
                    throw ValueError(
                        "\(text.quoted) is not an encryption", "write AES256, aws:kms, or {type: aws:kms, keyId: …}")
                }
            }?.value
        }
        return section.section(key, keys: EncryptionReader.keys.map(\.name)).flatMap(EncryptionReader().read)
    }
}

/// Reads a rule's `encryption` if it is a mapping.
struct EncryptionReader: Sendable {
    static let keys = [type.row, keyID.row, bucketKey.row]

    private static let type = Key<EncryptionReader, Located<String>?>(
        "type", takes: "`AES256`, `aws:kms` or `aws:kms:dsse`", standard: "required", example: "aws:kms"
    ) { section, key, _ in
        section.required(key, "write type: aws:kms") { text throws(ValueError) in
            try Choice.parse(text, of: ["AES256", "aws:kms", "aws:kms:dsse"], what: "an encryption")
        }
    }

    private static let keyID = Key<EncryptionReader, Located<String>?>(
        "keyId",
        takes: "the id, alias or ARN of the KMS key; not for `AES256`",
        standard: "the account's key for S3, `aws/s3`",
        example: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let isID = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || ":/_-".utf8.contains($0) }
            guard isID, (1...2048).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not a KMS key", "write its id, alias/… or arn:aws:kms:…")
            }
            return text
        }
    }

    private static let bucketKey = Key<EncryptionReader, Located<Bool>?>(
        "bucketKey",
        takes: "`true`: S3 uses a key of the bucket, and asks KMS less often; only for `aws:kms`",
        standard: "the bucket's",
        example: "true"
    ) { section, key, _ in section.flag(key) }

    func read(_ section: Section) -> Encryption? {
        let type = Self.type.read(from: section, self)
        let keyID = Self.keyID.read(from: section, self)
        let bucketKey = Self.bucketKey.read(from: section, self)
        guard let type else { return nil }
        func refuse(_ key: String) {
            guard let entry = section[key] else { return }
            section.log.problem(
                at: entry.keyPosition, "\(type.value) takes no \(key)", "remove \(key), or write type: aws:kms")
        }
        if type.value == "AES256" {
            refuse(Self.keyID.row.name)
            refuse(Self.bucketKey.row.name)
            return .aes256
        }
        // Amazon S3 User Guide, "Using dual-layer server-side encryption": there are no bucket keys for it.
        if type.value == "aws:kms:dsse" { refuse(Self.bucketKey.row.name) }
        return .kms(type: type.value, keyID: keyID?.value, bucketKey: bucketKey?.value ?? false)
    }
}

// MARK: Tags

extension RuleReader {
    static let tags = Key<RuleReader, [Tag]>(
        "tags",
        takes: "mapping of at most 10 tags: keys of 1 to 128 characters, values of 0 to 256 or with "
            + "[placeholders](#placeholders-in-metadata-and-tags)",
        standard: "none",
        example: "{source: app, \"cost centre\": \"4711\"}"
    ) { section, key, reader in
        guard let tags = section.section(key, keys: nil) else { return [] }
        if tags.all.count > 10 {
            section.log.problem(at: tags.position, "tags has \(tags.all.count) entries", "keep at most 10: S3 takes no more")
        }
        var result: [Tag] = []
        for entry in tags.all {
            do throws(ValueError) {
                try reader.checkTag(entry.key, what: "the tag key", atMost: Tag.maximumKeyLength)
                if entry.key.lowercased().hasPrefix("aws:") {
                    throw ValueError("tag keys that begin with “aws:” are reserved by AWS", "choose another name")
                }
                if entry.key.isEmpty { throw ValueError("a tag has no key", "write “key: value”") }
            } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let value = tags.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                let template = try FieldTemplate(
                    parsing: text, what: "the tag value", tenant: reader.tenant, rule: reader.rule,
                    parameters: reader.requestParameters)
                try reader.checkTag(template.literal, what: "the tag value", atMost: Tag.maximumValueLength)
                return template
            }
            if let value { result.append(Tag(key: entry.key, value: value.value)) }
        }
        return result
    }

    private func checkTag(_ text: String, what: String, atMost limit: Int) throws(ValueError) {
        guard text.utf16.count <= limit else { throw ValueError("\(what) is longer than \(limit) characters", "shorten it") }
        if PlainText.hasControls(text) { throw ValueError("\(what) has a control character", "remove it") }
        if PlainText.expands(text) { throw ValueError("\(what) holds “${”, which S3 expands", "write it without “${”") }
        guard isAWS else { return }
        let isAllowed = text.unicodeScalars.allSatisfy { scalar in
            if let byte = UInt8(exactly: scalar.value), byte < 0x80 {
                return byte == 0x20 || Tag.isAllowedASCII(byte)
            }
            return scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar.properties.isWhitespace
        }
        guard isAllowed else {
            throw ValueError(
                "\(what) \(text.quoted) has a character that AWS refuses",
                "use letters, digits, spaces and + - = . _ : / @"
            )
        }
    }
}

// MARK: Metadata

extension RuleReader {
    static let metadata = Key<RuleReader, MetadataRule>(
        "metadata",
        takes: "mapping: [`rules.metadata`](#rulesmetadata)",
        standard: "none",
        example: "{allowed: [album]}"
    ) { section, key, reader in
        let metadata = MetadataReader(tenant: reader.tenant, rule: reader.rule, parameters: reader.requestParameters)
        return section.section(key, keys: MetadataReader.keys.map(\.name)).map(metadata.read) ?? .none
    }
}

/// Reads a rule's `metadata`.
struct MetadataReader: Sendable {
    let tenant: String
    let rule: String
    let parameters: [UploadParameter]

    static let keys = [fixed.row, allowed.row]

    private static let fixed = Key<MetadataReader, [MetadataRule.ComputedField]>(
        "fixed",
        takes:
            "mapping of names to texts that every upload gets, perhaps with [placeholders](#placeholders-in-metadata-and-tags)",
        standard: "none",
        example: "{source: app, user: \"{user}\"}"
    ) { section, key, reader in
        var fixed: [MetadataRule.ComputedField] = []
        for entry in section.section(key, keys: nil)?.all ?? [] {
            var name: String?
            do throws(ValueError) { name = try Self.name(entry.key) } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let value = section.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                let text = try PlainText.parse(text, what: "the value", atMost: MetadataRule.limit)
                return try FieldTemplate(
                    parsing: text, what: "the value", tenant: reader.tenant, rule: reader.rule, parameters: reader.parameters)
            }
            guard let name, let value else { continue }
            let field = MetadataRule.ComputedField(name: MetadataRule.prefix + name, value: value.value)
            if fixed.contains(where: { $0.name == field.name }) {
                section.log.problem(
                    at: entry.keyPosition,
                    "\(entry.key.quoted) is set twice: S3 turns the names of metadata into lower case",
                    "keep one of them"
                )
            }
            fixed.append(field)
        }
        let bytes = fixed.reduce(0) { $0 + $1.name.utf8.count + $1.value.maximumBytes }
        if bytes > MetadataRule.limit {
            section.log.problem(
                at: section.position,
                "the fixed metadata \(fixed.allSatisfy { $0.value.constant != nil } ? "has" : "can have") \(bytes) bytes",
                "shorten it: S3 stores at most \(MetadataRule.limit) bytes of names and values"
            )
        }
        return fixed
    }

    private static let allowed = Key<[MetadataRule.ComputedField], [String]>(
        "allowed",
        takes: "list of names that a request may set in `\"metadata\"`",
        standard: "none",
        example: "[album, caption]"
    ) { section, key, fixed in
        let names = section.list(key) { text throws(ValueError) in
            let name = try Self.name(text)
            if fixed.contains(where: { $0.name == MetadataRule.prefix + name }) {
                throw ValueError("\(name.quoted) is under both fixed and allowed", "keep it under one of them")
            }
            return name
        }
        return names?.map(\.value) ?? []
    }

    func read(_ section: Section) -> MetadataRule {
        if section.all.isEmpty {
            section.log.problem(at: section.position, "metadata is empty", "write fixed: {…} or allowed: […], or remove it")
        }
        let fixed = Self.fixed.read(from: section, self)
        return MetadataRule(
            fixed: fixed.compactMap { field in field.value.constant.map { FormField(name: field.name, value: $0) } },
            computed: fixed.filter { $0.value.constant == nil },
            allowed: Self.allowed.read(from: section, fixed))
    }

    /// A name without `x-amz-meta-`, lower-cased as S3 stores it.
    private static func name(_ text: String) throws(ValueError) -> String {
        let name = String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
        if name.hasPrefix(MetadataRule.prefix) {
            throw ValueError(
                "names are written without x-amz-meta-, which is added to each of them",
                "write \(name.dropFirst(MetadataRule.prefix.count))")
        }
        let isName = name.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || "-_.".utf8.contains($0) }
        guard isName, (1...100).contains(name.utf8.count) else {
            throw ValueError("\(text.quoted) is not a metadata name", "write 1 to 100 of a-z, 0-9, “-”, “_” and “.”")
        }
        return name
    }
}
