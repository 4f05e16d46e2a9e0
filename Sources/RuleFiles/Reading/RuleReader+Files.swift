// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

// What may be uploaded: types, sizes, checksums.

extension RuleReader {
    static let contentTypes = Key<RuleReader, ContentTypeList?>(
        "contentTypes",
        takes: "list of [content types](#content-types) in lower case, `type/*`, `*/*`, or mappings: "
            + "[`rules.contentTypes`](#rulescontenttypes)",
        shape: .list(of: .either([.text(.contentTypePattern), .mapping(ContentTypeReader.keys)])),
        standard: .required,
        example: "[image/*, application/pdf]"
    ) { section, key, _ in
        guard section[key] != nil else {
            section.missing(key, "list what may be uploaded: contentTypes: [image/png, image/jpeg]")
            return nil
        }
        var endings: [String: [Located<String>]] = [:]
        let types = section.list(key) { item -> Located<ExactString>? in
            if case .mapping = item.content {
                return ContentTypeReader.read(item, of: section).map {
                    endings[$0.value] = $1
                    return Located(value: ExactString($0.value), position: $0.position)
                }
            }
            return section.value(of: item, key: key, at: item.position) { text throws(ValueError) in
                ExactString(try ContentTypeList.parsePattern(text))
            }
        }
        guard let types, !types.isEmpty else { return nil }
        for type in types {
            guard let name = ContentTypeList.registeredName(of: type.value.text) else { continue }
            section.log.warning(
                at: type.position, "\(type.value.text.quoted) is another name of \(name)", "write \(name), which allows both")
        }
        ContentTypeReader.checkOwners(of: endings, in: types.map(\.value.text), section.log)
        return ContentTypeList(patterns: types.map(\.value.text), endings: endings.mapValues { $0.map(\.value) })
    }

    /// Pages and pictures that run scripts when they are opened from the bucket's domain.
    private static let pages = ["text/html", "application/xhtml+xml", "image/svg+xml"]

    /// - Parameter isAttachment: whether browsers save the files, and do not open them
    func warnOfTypes(_ section: Section, isAttachment: Bool) {
        guard let entry = section[Self.contentTypes.row.name] else { return }
        let nodes: [YAMLNode] = if case .list(let nodes) = entry.value.content { nodes } else { [] }
        for node in nodes {
            guard let type = Self.type(node).map({ ContentTypeList.registeredName(of: $0) ?? $0 }) else { continue }
            if type == "*/*" {
                section.log.warning(
                    at: node.position, "*/* allows every type that no browser runs, also programs and archives",
                    "list the types that the app needs: [image/*, application/pdf]")
            } else if Self.pages.contains(type), !isAttachment {
                section.log.warning(
                    at: node.position,
                    "a file of the type \(type) can run scripts for everyone who opens it from the bucket's domain",
                    "remove the type, or write contentDisposition: attachment")
            }
        }
    }

    /// The type of an entry of `contentTypes`: a text, or a mapping with `type`.
    private static func type(_ node: YAMLNode) -> String? {
        switch node.content {
        case .text(let text): return text
        case .mapping(let entries):
            guard case .text(let text)? = entries.first(where: { $0.key == "type" })?.value.content else { return nil }
            return text
        default: return nil
        }
    }

    static let maxSize = Key<RuleReader, Located<Int>?>(
        "maxSize",
        takes: "size, 1 to 5GiB. There is no rule without a limit",
        shape: .text(.quantity(.size, 1...UploadPolicy.maximumFileBytes)),
        standard: .required,
        example: "5MiB"
    ) { section, key, _ in
        section.required(key, "write the largest size that the rule allows, at most 5GiB: maxSize: 5MiB") {
            text throws(ValueError) in
            let bytes = try Quantity.size.parse(text)
            guard bytes <= UploadPolicy.maximumFileBytes else {
                throw ValueError("\(text.quoted) is more than S3 allows for one upload", "write at most 5GiB")
            }
            guard bytes > 0 else { throw ValueError("maxSize allows nothing", "write at least 1") }
            return bytes
        }
    }

    static let minSize = Key<RuleReader, Located<Int>?>(
        "minSize",
        takes: "size, 0 to `maxSize`",
        shape: .text(.quantity(.size, 0...UploadPolicy.maximumFileBytes)),
        standard: .value("1", "an empty file is refused"),
        example: "0"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Quantity.size.parse(text) }
    }

    func readSizes(_ section: Section) -> ClosedRange<Int>? {
        let most = Self.maxSize.read(from: section, self)
        let least = Self.minSize.read(from: section, self)
        guard let most else { return nil }
        let minimum = least?.value ?? 1
        guard minimum <= most.value else {
            section.log.problem(
                at: least?.position ?? most.position,
                "minSize is larger than maxSize (\(most.value) bytes)",
                "write a smaller minSize or a larger maxSize"
            )
            return nil
        }
        return minimum...most.value
    }

    static let declaredSize = Key<RuleReader, Located<DeclaredSize>?>(
        "declaredSize",
        takes: "`exact`, `atMost` or `ignored`: what the ticket is for if a request [declares a size](#sizes); with a store of "
            + "`method: put` only `exact`",
        shape: .words(of: DeclaredSize.self),
        standard: .value("exact"),
        example: "atMost"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: DeclaredSize.self, what: "a meaning of declared sizes")
        }
    }

    static let checksum = Key<RuleReader, ChecksumRule?>(
        "checksum",
        takes: "`required`: the request must send the file's SHA-256, which the store then compares; or a mapping: "
            + "[`rules.checksum`](#ruleschecksum)",
        shape: .either([.words(["required"]), .mapping(ChecksumReader.keys)]),
        standard: "a SHA-256 is optional",
        example: "required"
    ) { section, key, _ in
        guard let entry = section[key] else { return nil }
        if case .mapping = entry.value.content {
            return section.section(key, keys: ChecksumReader.keys.names).map(ChecksumReader().read)
        }
        return section.value(key) { text throws(ValueError) in
            guard text == "required" else {
                throw ValueError(
                    "\(text.quoted) is not a value of checksum",
                    "write checksum: required, or {required: true, algorithms: [sha256]}, or remove the line")
            }
            return ChecksumRule.required
        }?.value
    }
}

/// Reads a rule's `checksum` if it is a mapping.
struct ChecksumReader: Sendable {
    static let keys = KeyTable("checksum", [required.row, algorithms.row], needs: [.someKey])

    private static let required = Key<ChecksumReader, Located<Bool>?>(
        "required", takes: "`true`: a request without a checksum is refused", shape: .flag, standard: .value("false"),
        example: "true"
    ) { section, key, _ in section.flag(key) }

    private static let algorithms = Key<ChecksumReader, [Located<String>]?>(
        "algorithms",
        takes: "list of `sha256`, `sha1`, `crc32`, `crc32c`, `crc64nvme` and `md5`: what a request may send",
        shape: .list(of: .words(of: ChecksumAlgorithm.self)),
        standard: .value("[sha256]"),
        example: "[sha256, crc32c]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in
            try Choice.parse(text, as: ChecksumAlgorithm.self, what: "a checksum").rawValue
        }
    }

    func read(_ section: Section) -> ChecksumRule {
        if section.all.isEmpty {
            section.log.problem(
                at: section.position, "checksum is empty", "write required: true or algorithms: [sha256], or remove it")
        }
        let isRequired = Self.required.read(from: section, self)?.value ?? false
        let algorithms = Self.algorithms.read(from: section, self)?.compactMap { ChecksumAlgorithm(rawValue: $0.value) }
        return ChecksumRule(isRequired: isRequired, algorithms: algorithms ?? ChecksumRule.optional.algorithms)
    }
}
