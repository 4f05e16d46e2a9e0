// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

// What is stored beside a file: tags and metadata.

// MARK: Tags

extension RuleReader {
    static let tags = Key<RuleReader, [Tag]>(
        "tags",
        takes: "mapping of at most 10 tags: keys of 1 to 128 characters, values of 0 to 256 or with "
            + "[placeholders](#placeholders-in-metadata-and-tags)",
        shape: .named(.tagKey, .text(.tagValue()), atMost: 10, allowsEmpty: true),
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
        shape: .mapping(MetadataReader.keys),
        standard: "none",
        example: "{allowed: [album]}"
    ) { section, key, reader in
        let metadata = MetadataReader(tenant: reader.tenant, rule: reader.rule, parameters: reader.requestParameters)
        return section.section(key, keys: MetadataReader.keys.names).map(metadata.read) ?? .none
    }
}

/// Reads a rule's `metadata`.
struct MetadataReader: Sendable {
    let tenant: String
    let rule: String
    let parameters: [UploadParameter]

    static let keys = KeyTable("metadata", [fixed.row, allowed.row], needs: [.someKey])

    private static let fixed = Key<MetadataReader, [MetadataRule.ComputedField]>(
        "fixed",
        takes:
            "mapping of names to texts that every upload gets, perhaps with [placeholders](#placeholders-in-metadata-and-tags)",
        shape: .named(.metadataName, .text(.metadataValue()), allowsEmpty: true),
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
        shape: .list(of: .text(.metadataName)),
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
