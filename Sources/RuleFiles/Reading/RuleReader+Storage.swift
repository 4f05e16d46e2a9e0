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
        return StorageSettings.of(
            acl: Self.acl.read(from: section, self)?.value,
            storageClass: Self.storageClass.read(from: section, self)?.value,
            encryption: Self.encryption.read(from: section, self),
            tags: Self.tags.read(from: section, self),
            metadata: Self.metadata.read(from: section, self),
            cacheControl: Self.cacheControl.read(from: section, self)?.value,
            successStatus: status.flatMap { Int($0.value) } ?? 201,
            successRedirect: redirect?.value
        )
    }

    static let acl = Key<RuleReader, Located<String>?>(
        "acl",
        takes: "`private`, `public-read`, `public-read-write`, `authenticated-read`, `aws-exec-read`, `bucket-owner-read` or "
            + "`bucket-owner-full-control`",
        standard: "not sent",
        example: "bucket-owner-full-control"
    ) { section, key, _ in
        // The canned ACLs that S3 knows for objects.
        let known = [
            "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
            "bucket-owner-full-control",
        ]
        let acl = section.value(key) { text throws(ValueError) in try Choice.parse(text, of: known, what: "a canned ACL") }
        if let acl, acl.value == "public-read-write" {
            section.log.warning(
                at: acl.position,
                "with public-read-write anyone may overwrite the files",
                "write public-read, or private"
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
    /// `encryption: AES256`, or `encryption: {type: aws:kms, keyId: …}`.
    static let encryption = Key<RuleReader, Encryption?>(
        "encryption",
        takes: "`AES256`, or a mapping: [`rules.encryption`](#rulesencryption)",
        standard: "the bucket's",
        example: "AES256"
    ) { section, key, _ in
        guard let entry = section[key] else { return nil }
        guard case .mapping = entry.value.content else {
            return section.value(key) { text throws(ValueError) in
                if text == "AES256" { return Encryption.aes256 }
                if text == "aws:kms" || text == "aws:kms:dsse" {
                    throw ValueError("\(text) needs a key", "write encryption: {type: \(text), keyId: …}")
                }
                throw ValueError("\(text.quoted) is not an encryption", "write AES256, or {type: aws:kms, keyId: …}")
            }?.value
        }
        return section.section(key, keys: EncryptionReader.keys.map(\.name)).flatMap(EncryptionReader().read)
    }
}

/// Reads a rule's `encryption` where it is a mapping.
struct EncryptionReader: Sendable {
    static let keys = [type.row, keyID.row]

    private static let type = Key<EncryptionReader, Located<String>?>(
        "type", takes: "`AES256`, `aws:kms` or `aws:kms:dsse`", standard: "required", example: "aws:kms"
    ) { section, key, _ in
        section.required(key, "write type: aws:kms") { text throws(ValueError) in
            try Choice.parse(text, of: ["AES256", "aws:kms", "aws:kms:dsse"], what: "an encryption")
        }
    }

    private static let keyID = Key<EncryptionReader, Located<String>?>(
        "keyId",
        takes: "the id, alias or ARN of the KMS key; required for both KMS types, refused for `AES256`",
        standard: "–",
        example: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    ) { section, key, _ in
        section.required(key, "write the id or ARN of the KMS key") { text throws(ValueError) in
            let isID = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || ":/_-".utf8.contains($0) }
            guard isID, (1...2048).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not a KMS key", "write its id, alias/… or arn:aws:kms:…")
            }
            return text
        }
    }

    func read(_ section: Section) -> Encryption? {
        let type = Self.type.read(from: section, self)
        if let type, type.value == "AES256" {
            if let keyID = section[Self.keyID.row.name] {
                section.log.problem(at: keyID.keyPosition, "AES256 takes no keyId", "remove keyId, or write type: aws:kms")
            }
            return .aes256
        }
        let keyID = Self.keyID.read(from: section, self)
        guard let type, let keyID else { return nil }
        return .kms(type: type.value, keyID: keyID.value)
    }
}

// MARK: Tags

extension RuleReader {
    static let tags = Key<RuleReader, [Tag]>(
        "tags",
        takes: "mapping of at most 10 tags: keys of 1 to 128 characters, values of 0 to 256",
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
                try reader.checkTag(entry.key, what: "the tag key", atMost: 128)
                if entry.key.lowercased().hasPrefix("aws:") {
                    throw ValueError("tag keys that begin with “aws:” are reserved by AWS", "choose another name")
                }
                if entry.key.isEmpty { throw ValueError("a tag has no key", "write “key: value”") }
            } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let value = tags.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                try reader.checkTag(text, what: "the tag value", atMost: 256)
                return text
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
                return byte.isASCIILetterOrDigit || " +-=._:/@".utf8.contains(byte)
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
    ) { section, key, _ in
        section.section(key, keys: MetadataReader.keys.map(\.name)).map(MetadataReader().read) ?? .none
    }
}

/// Reads a rule's `metadata`.
struct MetadataReader: Sendable {
    static let keys = [fixed.row, allowed.row]

    private static let fixed = Key<MetadataReader, [FormField]>(
        "fixed", takes: "mapping of names to texts that every upload gets", standard: "none", example: "{source: app}"
    ) { section, key, _ in
        var fixed: [FormField] = []
        for entry in section.section(key, keys: nil)?.all ?? [] {
            var name: String?
            do throws(ValueError) { name = try Self.name(entry.key) } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let value = section.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                try PlainText.fieldValue(text, what: "the value", atMost: MetadataRule.limit)
            }
            guard let name, let value else { continue }
            let field = FormField(name: MetadataRule.prefix + name, value: value.value)
            if fixed.contains(where: { $0.name == field.name }) {
                section.log.problem(
                    at: entry.keyPosition,
                    "\(entry.key.quoted) is set twice: S3 turns the names of metadata into lower case",
                    "keep one of them"
                )
            }
            fixed.append(field)
        }
        let bytes = fixed.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        if bytes > MetadataRule.limit {
            section.log.problem(
                at: section.position,
                "the fixed metadata has \(bytes) bytes",
                "shorten it: S3 stores at most \(MetadataRule.limit) bytes of names and values"
            )
        }
        return fixed
    }

    private static let allowed = Key<[FormField], [String]>(
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
        return MetadataRule(fixed: fixed, allowed: Self.allowed.read(from: section, fixed))
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
