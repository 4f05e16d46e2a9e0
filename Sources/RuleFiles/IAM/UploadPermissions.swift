// SPDX-License-Identifier: Apache-2.0

import PostPolicy
package import UploadRules

/// What an identity must be allowed so that its tickets can be used for some rules, and no more.
///
/// `s3:PutObject` under the prefix of each rule; `s3:PutObjectAcl` and `s3:PutObjectTagging` only where a rule sets an ACL or
/// tags, because S3 requires these too (Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"); and
/// `kms:GenerateDataKey` where it encrypts by KMS.
struct UploadPermissions {
    /// The rules of one bucket.
    struct Bucket {
        /// How the resource names of its objects begin: `arn:aws:s3:::acme-uploads/`.
        let objects: String
        let rules: [UploadRule]

        init(_ name: String, in partition: some StringProtocol, rules: [UploadRule]) {
            objects = "arn:\(partition):s3:::\(name)/"
            self.rules = rules
        }
    }

    let buckets: [Bucket]

    func statements(_ pattern: ResourcePattern) -> [IAMPolicy.Statement] {
        var statements: [IAMPolicy.Statement] = UploadAction.ofObjects.compactMap { action in
            let resources = buckets.flatMap { bucket in
                pattern.resources(bucket.rules.filter(action.isNeeded).map(\.keyPrefix)).map { bucket.objects + $0 }
            }
            return resources.isEmpty ? nil : IAMPolicy.Statement(actions: [action.rawValue], resources: resources)
        }
        let keys = Set(buckets.flatMap(\.rules).compactMap { $0.storage.encryption?.kmsResource })
        // Any key is a statement of its own, which can have conditions that do not hold for the keys that are named.
        for resources in [keys.subtracting(["*"]).sorted(), keys.contains("*") ? ["*"] : []] where !resources.isEmpty {
            statements.append(IAMPolicy.Statement(actions: [UploadAction.useKey.rawValue], resources: resources))
        }
        return statements
    }
}

/// What an identity must be allowed for uploads. The raw values are IAM's names.
package enum UploadAction: String, CaseIterable, Sendable {
    case put = "s3:PutObject"
    case setACL = "s3:PutObjectAcl"
    case setTags = "s3:PutObjectTagging"
    case useKey = "kms:GenerateDataKey"

    /// Those of which the resource is the object.
    fileprivate static let ofObjects: [UploadAction] = [.put, .setACL, .setTags]

    /// Whether the uploads of a rule need it.
    package func isNeeded(for rule: UploadRule) -> Bool {
        switch self {
        case .put: true
        case .setACL: rule.storage.acl != nil
        case .setTags: !rule.storage.tags.isEmpty
        case .useKey: rule.storage.encryption?.kmsResource != nil
        }
    }
}

extension Encryption {
    /// The KMS key for a statement: its ARN if the rule has that, otherwise any key of the identity.
    var kmsResource: String? {
        guard case .kms(_, let keyID, _) = self else { return nil }
        guard let keyID, keyID.hasPrefix("arn:"), keyID.contains(":key/") else { return "*" }
        return keyID
    }
}

/// Turns key prefixes into the object part of resource names as IAM matches them: `*` is any text, slashes too.
enum ResourcePattern {
    /// `*` for each placeholder: `avatars/{user}/` becomes `avatars/*/*`.
    case exact
    /// Up to the first placeholder: `avatars/*`.
    case beginning

    /// Returns the patterns of prefixes, in byte order, without those that another one covers.
    func resources(_ prefixes: [KeyTemplate]) -> [String] {
        let patterns = Set(prefixes.map(pattern)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return patterns.filter { pattern in
            !patterns.contains { $0 != pattern && Self.covers($0, pattern) }
        }
    }

    private func pattern(_ prefix: KeyTemplate) -> String {
        let parts = prefix.parts
        switch self {
        case .beginning: return Self.escaped(prefix.leadingBytes) + "*"
        case .exact:
            let pattern = parts.map { part in
                switch part {
                case .literal(let bytes): Self.escaped(bytes)
                case .placeholder: "*"
                }
            }.joined()
            // {path} has its slash in it, which vanishes with it: `a/{path}/` becomes `a/*`, and `a/{path}/b/` becomes `a/*b/*`.
            return parts.last?.placeholder == nil ? pattern + "*" : pattern
        }
    }

    /// Escapes IAM's two wildcards (IAM User Guide, "Special characters" of policy variables).
    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "*": text += "${*}"
            case "?": text += "${?}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Whether `outer`, which has no wildcard but its last character, matches everything that `inner` matches.
    private static func covers(_ outer: String, _ inner: String) -> Bool {
        let beginning = outer.utf8.dropLast()
        return !beginning.contains(UInt8(ascii: "*")) && inner.utf8.starts(with: beginning)
    }
}
