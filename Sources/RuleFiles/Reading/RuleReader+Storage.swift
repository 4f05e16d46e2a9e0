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

    /// The ACL of a `PUT` whose rule has none.
    private var standardACL: String? {
        guard method == .put, !isAWS else { return nil }
        return store?.store?.endpoint.standardACL
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
                    "a form cannot forbid to replace an object, so overwrite: never needs a store with method: put",
                    "remove overwrite, or use such a store"
                )
            }
        }
    }

    static let overwrite = Key<RuleReader, Located<String>?>(
        "overwrite",
        takes:
            "`allowed`, or `never`: the store refuses an upload if there is an object with its key (`If-None-Match: *`). `never` needs "
            + "a store with `method: put`",
        shape: .words(overwriteWords),
        standard: .value("allowed"),
        example: "never"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: overwriteWords, what: "a value of overwrite")
        }
    }

    private static let overwriteWords = ["allowed", "never"]

    /// The canned ACLs that S3 knows for objects.
    static let cannedACLs = [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control",
    ]

    static let acl = Key<RuleReader, Located<String>?>(
        "acl",
        takes: "`private`, `public-read`, `public-read-write`, `authenticated-read`, `aws-exec-read`, `bucket-owner-read` or "
            + "`bucket-owner-full-control`; with a store of `method: put` also `none`",
        shape: .words(cannedACLs + ["none"]),
        standard: "not sent; with `method: put` `private`, but for AWS, R2 and B2",
        example: "bucket-owner-full-control"
    ) { section, key, reader in
        let acl = section.value(key) { text throws(ValueError) in
            guard text.hasSameBytes(as: "none") else { return try Choice.parse(text, of: cannedACLs, what: "a canned ACL") }
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

    /// Those of AWS.
    static let storageClasses = [
        "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "FSX_OPENZFS",
    ]

    static let storageClass = Key<RuleReader, Located<String>?>(
        "storageClass",
        takes: "on AWS one of its classes, at other stores a word of 1 to 64 letters, digits, `_`, `-` and `.`",
        shape: .text(.storageClass),
        standard: "the bucket's",
        example: "STANDARD_IA"
    ) { section, key, reader in
        return section.value(key) { text throws(ValueError) in
            if reader.isAWS { return try Choice.parse(text, of: storageClasses, what: "a storage class") }
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
        shape: .text(.ascii(atMost: 1024, notExpanded: true)),
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
        shape: .words(of: DispositionType.self),
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
        shape: .text(.contentEncoding),
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
        shape: .text(.contentLanguage),
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

    private static let successStatuses = ["200", "201", "204"]

    static let successStatus = Key<RuleReader, Located<String>?>(
        "successStatus",
        takes: "`200`, `201` or `204`: the store's answer to an upload; not with a store of `method: put`",
        shape: .words(successStatuses),
        standard: .value("201"),
        example: "204"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: successStatuses, what: "a status of an upload")
        }
    }

    static let successRedirect = Key<RuleReader, Located<String>?>(
        "successRedirect",
        takes:
            "URL, 1 to 2048 bytes, to which the store redirects after an upload; not together with `successStatus`, and not with "
            + "a store of `method: put`",
        shape: .text(.webURL(atMost: 2048)),
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
        shape: .either([.words(EncryptionReader.types), .mapping(EncryptionReader.keys)]),
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
        return section.section(key, keys: EncryptionReader.keys.names).flatMap(EncryptionReader().read)
    }
}

/// Reads a rule's `encryption` if it is a mapping.
struct EncryptionReader: Sendable {
    static let keys = KeyTable("encryption", [type.row, keyID.row, bucketKey.row])

    /// The values of `type`, and those of `encryption` that are no mapping.
    fileprivate static let types = ["AES256", "aws:kms", "aws:kms:dsse"]

    private static let type = Key<EncryptionReader, Located<String>?>(
        "type", takes: "`AES256`, `aws:kms` or `aws:kms:dsse`", shape: .words(types), standard: .required, example: "aws:kms"
    ) { section, key, _ in
        section.required(key, "write type: aws:kms") { text throws(ValueError) in
            try Choice.parse(text, of: types, what: "an encryption")
        }
    }

    private static let keyID = Key<EncryptionReader, Located<String>?>(
        "keyId",
        takes: "the id, alias or ARN of the KMS key; not for `AES256`",
        shape: .text(.kmsKey),
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
        shape: .flag,
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
