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
        let fixed = rule.storage.fieldsBeforeDisposition + rule.storage.fieldsAfterDisposition + [rule.storage.successField]
        var added: [FormField] = []
        if rule.storage.metadata.allowed.first != nil {
            let bytes = max(0, MetadataRule.limit - rule.storage.metadataBytes)
            added.append(FormField(name: MetadataRule.prefix, value: Self.text(bytes)))
        }
        added.append(FormField(name: "x-amz-checksum-algorithm", value: "SHA256"))
        added.append(FormField(name: "x-amz-checksum-sha256", value: Self.text(44)))
        func disposition(_ filename: String?) -> [FormField] {
            rule.contentDisposition.map {
                [FormField(name: "Content-Disposition", value: ContentDisposition.value($0, filename: filename))]
            } ?? []
        }
        shortest = Self.bytes(
            rule, key: Self.key(of: rule, longest: false), accessKeyBytes: 3, sessionTokenBytes: 0,
            [FormField(name: "Content-Type", value: Self.text(lengths.min() ?? 0))] + disposition(nil) + fixed)
        longest = Self.bytes(
            rule, key: Self.key(of: rule, longest: true), accessKeyBytes: 20, sessionTokenBytes: sessionTokenBytes,
            [FormField(name: "Content-Type", value: Self.text(longestType))] + disposition(Self.text(100)) + fixed + added)
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
