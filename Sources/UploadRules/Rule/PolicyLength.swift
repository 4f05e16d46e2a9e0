// SPDX-License-Identifier: Apache-2.0

import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How long the policies of a rule's tickets are, in bytes of base64, as far as the rule decides it.
package struct PolicyLength: Sendable, Hashable {
    /// A lower bound: nothing that a request may leave out, texts of one byte, and no session token.
    package let shortest: Int
    /// With what a request may add, a user, an issuer and a claim of 36 bytes each, and file names of 100. Longer texts make a
    /// longer policy.
    package let longest: Int

    /// - Parameter sessionTokenBytes: how long the session token of the credentials is, at least
    package init(of rule: UploadRule, sessionTokenBytes: Int = 0) {
        let types = rule.contentTypes.patterns
        let hasWildcard = types.contains { $0.utf8.last == UInt8(ascii: "*") }
        let lengths = types.map(\.utf8.count)
        // Of a type of a family, the shortest is as long as the pattern, and registered ones have up to 80 bytes. A charset may follow.
        let longestType = max(lengths.max() ?? 0, hasWildcard ? 80 : 0) + "; charset=utf-8".utf8.count
        let fixed =
            rule.storage.fieldsBeforeDisposition + rule.storage.fieldsAfterDisposition
            + (rule.storage.successField.map { [$0] } ?? [])
        var added: [FormField] = []
        if rule.storage.metadata.allowed.first != nil {
            let bytes = max(0, MetadataRule.limit - rule.storage.metadataBytes)
            added.append(FormField(name: MetadataRule.prefix, value: Self.text(bytes)))
        }
        let checksums = rule.checksum.algorithms.map { $0.fields(Self.text($0.characterCount)) }.sorted {
            Self.size($0) < Self.size($1)
        }
        added += checksums.last ?? []
        let required = rule.checksum.isRequired ? checksums.first ?? [] : []
        func disposition(_ filename: String?) -> [FormField] {
            rule.contentDisposition.map {
                [FormField(name: "Content-Disposition", value: ContentDisposition.value($0, filename: filename))]
            } ?? []
        }
        shortest = Self.bytes(
            rule, key: Self.key(of: rule, longest: false), accessKeyBytes: 3, sessionTokenBytes: 0,
            [FormField(name: "Content-Type", value: Self.text(lengths.min() ?? 0))] + disposition(nil) + fixed
                + Self.computedFields(of: rule, longest: false) + required)
        longest = Self.bytes(
            rule, key: Self.key(of: rule, longest: true), accessKeyBytes: 20, sessionTokenBytes: sessionTokenBytes,
            [FormField(name: "Content-Type", value: Self.text(longestType))] + disposition(Self.text(100)) + fixed
                + Self.computedFields(of: rule, longest: true) + added)
    }

    private static func size(_ fields: [FormField]) -> Int {
        fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// Metadata and tags with placeholders. Metadata that is only the file's name is left out if there is none.
    private static func computedFields(of rule: UploadRule, longest: Bool) -> [FormField] {
        guard rule.storage.hasComputedFields else { return [] }
        func text(_ template: FieldTemplate) -> String {
            template.parts.map { part in
                switch part {
                case .literal(let text): text
                case .placeholder(let placeholder): Self.text(longest ? placeholder.usualBytes : 1)
                }
            }.joined()
        }
        var fields: [FormField] = []
        let tags = rule.storage.tags
        if tags.contains(where: { $0.value.constant == nil }) {
            fields.append(Tag.field(tags.map { ($0.key, text($0.value)) }, for: .post))
        }
        for field in rule.storage.metadata.computed where longest || field.value.parts != [.placeholder(.filename)] {
            fields.append(FormField(name: field.name, value: text(field.value)))
        }
        return fields
    }

    /// The length of a policy with these fields behind `key` and `bucket`.
    private static func bytes(
        _ rule: UploadRule, key: String, accessKeyBytes: Int, sessionTokenBytes: Int, _ fields: [FormField]
    ) -> Int {
        // Neither the dates nor the secret change the length.
        let now = Date(timeIntervalSince1970: 0)
        let credentials = SigningCredentials(
            accessKeyID: text(accessKeyBytes), secretAccessKey: "x",
            sessionToken: sessionTokenBytes > 0 ? text(sessionTokenBytes) : nil)
        let store = rule.store
        do throws(PolicyError) {
            var policy = try UploadPolicy(
                store: store.endpoint, key: ObjectKey(key), contentLength: rule.sizes, expiration: now + 1)
            for field in fields { try policy.add(field.name, field.value) }
            return try PolicySigner().sign(
                policy, version: store.signature, credentials: credentials, region: store.region, at: now
            ).policyBytes
        } catch {
            // A form that no store takes: reported elsewhere.
            return 0
        }
    }

    private static func key(of rule: UploadRule, longest: Bool) -> String {
        var bytes: [UInt8] = []
        for part in rule.keyPrefix.parts + rule.keyName.parts {
            switch part {
            case .literal(let literal): bytes += literal
            case .placeholder(let placeholder): bytes += text(longest ? placeholder.usualBytes : 1).utf8
            }
        }
        return String(decoding: bytes.prefix(UploadPolicy.maximumKeyBytes), as: UTF8.self)
    }

    private static func text(_ bytes: Int) -> String { String(repeating: "x", count: bytes) }
}

extension KeyTemplate.Placeholder {
    /// How long its text is, usually at most.
    fileprivate var usualBytes: Int {
        switch self {
        case .yyyy: 4
        case .mm, .dd: 2
        case .ext: 8
        case .filename: 100
        default: 36
        }
    }
}
