// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// How a file is stored: ACL, class, encryption, tags, metadata.
extension RuleReader {
    /// The canned ACLs that S3 knows for objects.
    private static let acls = [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control",
    ]
    private static let storageClasses = [
        "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "FSX_OPENZFS",
    ]

    func readACL(_ section: Section) -> String? {
        let acl = section.value("acl") { text throws(ValueError) in
            try Choice.parse(text, of: Self.acls, what: "a canned ACL")
        }
        if let acl, acl.value == "public-read-write" {
            section.log.warning(
                at: acl.position,
                "with public-read-write anyone may overwrite the files",
                "write public-read, or private"
            )
        }
        return acl?.value
    }

    func readStorageClass(_ section: Section) -> String? {
        section.value("storageClass") { text throws(ValueError) in
            if isAWS { return try Choice.parse(text, of: Self.storageClasses, what: "a storage class") }
            // Other stores name classes of their own.
            let isWord = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "_-.".utf8.contains($0) }
            guard isWord, (1...64).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not a storage class", "write one word: STANDARD")
            }
            return text
        }?.value
    }

    /// `encryption: AES256`, or `encryption: {type: aws:kms, keyId: …}`.
    func readEncryption(_ section: Section) -> Encryption? {
        guard let entry = section["encryption"] else { return nil }
        guard case .mapping = entry.value.content else {
            return section.value("encryption") { text throws(ValueError) in
                if text == "AES256" { return Encryption.aes256 }
                if text == "aws:kms" || text == "aws:kms:dsse" {
                    throw ValueError("\(text) needs a key", "write encryption: {type: \(text), keyId: …}")
                }
                throw ValueError("\(text.quoted) is not an encryption", "write AES256, or {type: aws:kms, keyId: …}")
            }?.value
        }
        guard let encryption = section.section("encryption", keys: ["type", "keyId"]) else { return nil }
        let type = encryption.required("type", "write type: aws:kms") { text throws(ValueError) in
            try Choice.parse(text, of: ["AES256", "aws:kms", "aws:kms:dsse"], what: "an encryption")
        }
        if let type, type.value == "AES256" {
            if let keyID = encryption["keyId"] {
                section.log.problem(at: keyID.keyPosition, "AES256 has no key id", "remove keyId, or write type: aws:kms")
            }
            return .aes256
        }
        let keyID = encryption.required("keyId", "write the id or ARN of the KMS key") { text throws(ValueError) in
            let isID = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || ":/_-".utf8.contains($0) }
            guard isID, (1...2048).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not a KMS key", "write its id, alias/… or arn:aws:kms:…")
            }
            return text
        }
        guard let type, let keyID else { return nil }
        return .kms(type: type.value, keyID: keyID.value)
    }

    func readTags(_ section: Section) -> [Tag] {
        guard let tags = section.section("tags", keys: nil) else { return [] }
        if tags.all.count > 10 {
            section.log.problem(at: tags.position, "tags has \(tags.all.count) entries", "keep at most 10: S3 takes no more")
        }
        var result: [Tag] = []
        for entry in tags.all {
            do throws(ValueError) {
                try checkTag(entry.key, what: "the tag key", atMost: 128)
                if entry.key.lowercased().hasPrefix("aws:") {
                    throw ValueError("tag keys that begin with “aws:” belong to AWS", "name it otherwise")
                }
                if entry.key.isEmpty { throw ValueError("a tag has no key", "write “key: value”") }
            } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let value = tags.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                try checkTag(text, what: "the tag value", atMost: 256)
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
                "\(what) \(text.quoted) has a character AWS refuses",
                "use letters, digits, blanks and + - = . _ : / @"
            )
        }
    }

    func readMetadata(_ section: Section) -> MetadataRule {
        guard let metadata = section.section("metadata", keys: ["fixed", "allowed"]) else { return .none }
        if metadata.all.isEmpty {
            section.log.problem(at: metadata.position, "metadata is empty", "write fixed: {…} or allowed: […], or remove it")
        }
        var fixed: [FormField] = []
        var bytes = 0
        if let entries = metadata.section("fixed", keys: nil)?.all {
            for entry in entries {
                var name: String?
                do throws(ValueError) { name = try Self.metadataName(entry.key) } catch {
                    section.log.problem(at: entry.keyPosition, error)
                }
                let value = metadata.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) {
                    text throws(ValueError) in
                    try PlainText.fieldValue(text, what: "the value", atMost: MetadataRule.limit)
                }
                guard let name, let value else { continue }
                let field = FormField(name: MetadataRule.prefix + name, value: value.value)
                if fixed.contains(where: { $0.name == field.name }) {
                    section.log.problem(
                        at: entry.keyPosition,
                        "\(entry.key.quoted) is there twice: names of metadata have no upper case",
                        "keep one of them"
                    )
                }
                bytes += field.name.utf8.count + field.value.utf8.count
                fixed.append(field)
            }
        }
        if bytes > MetadataRule.limit {
            section.log.problem(
                at: metadata.position,
                "the fixed metadata has \(bytes) bytes",
                "keep names and values within \(MetadataRule.limit) bytes: S3 takes no more"
            )
        }
        let allowed = metadata.list("allowed") { text throws(ValueError) in
            let name = try Self.metadataName(text)
            if fixed.contains(where: { $0.name == MetadataRule.prefix + name }) {
                throw ValueError("\(name.quoted) is fixed and allowed", "keep it in one of the two")
            }
            return name
        }
        return MetadataRule(fixed: fixed, allowed: allowed?.map(\.value) ?? [])
    }

    /// A name without `x-amz-meta-`, lower-cased as S3 stores it.
    private static func metadataName(_ text: String) throws(ValueError) -> String {
        let name = String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
        if name.hasPrefix(MetadataRule.prefix) {
            throw ValueError(
                "the prefix x-amz-meta- is added to every name", "write \(name.dropFirst(MetadataRule.prefix.count))")
        }
        let isName = name.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || "-_.".utf8.contains($0) }
        guard isName, (1...100).contains(name.utf8.count) else {
            throw ValueError("\(text.quoted) is not a name of metadata", "write 1 to 100 of a-z, 0-9, “-”, “_” and “.”")
        }
        return name
    }
}
