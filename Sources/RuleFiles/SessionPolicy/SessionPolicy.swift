// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import UploadRules
import WireFormats

/// The policy of `sessionPolicy: fromRules`, which limits an assumed role to what a tenant's rules need: with a stolen session
/// one can put objects under the prefixes of the rules, and do nothing else. (A session cannot limit size, type and user; each
/// ticket does.)
///
/// It allows `s3:PutObject` under the prefix of each rule; also `s3:PutObjectAcl` and `s3:PutObjectTagging` only where a rule sets an
/// ACL or tags, because S3 requires these too (Amazon S3 User Guide, "Required permissions for Amazon S3 API
/// operations"), and `kms:GenerateDataKey` where it encrypts by KMS.
struct SessionPolicy {
    /// The most characters of a session policy ("AssumeRole", `Policy`, AWS Security Token Service API Reference).
    static let maximumLength = 2048

    private let bucket: String
    private let rules: [UploadRule]

    /// - Parameter role: its ARN says which partition of AWS the bucket is in
    init(role: AssumedRole, bucket: String, rules: [UploadRule]) {
        let partition = RoleARN(role.roleARN)?.partition ?? "aws"
        self.bucket = "arn:\(partition):s3:::\(bucket)/"
        self.rules = rules
    }

    /// Returns compact JSON in ASCII. If patterns with every placeholder make it too long for STS, the patterns end at the first
    /// placeholder of each rule, and `isWidened` is true.
    func text() throws(SessionPolicyError) -> (text: String, isWidened: Bool) {
        for pattern in [ResourcePattern.exact, .beginning] {
            let text = text(pattern)
            if text.utf8.count <= Self.maximumLength { return (text, pattern == .beginning) }
        }
        throw SessionPolicyError()
    }

    private func text(_ pattern: ResourcePattern) -> String {
        func resources(_ rules: [UploadRule]) -> [String] {
            pattern.resources(rules.map(\.keyPrefix)).map { bucket + $0 }
        }
        var statements = [(action: "s3:PutObject", resources: resources(rules))]
        let withACL = rules.filter { $0.storage.acl != nil }
        if !withACL.isEmpty { statements.append(("s3:PutObjectAcl", resources(withACL))) }
        let withTags = rules.filter { !$0.storage.tags.isEmpty }
        if !withTags.isEmpty { statements.append(("s3:PutObjectTagging", resources(withTags))) }
        let keys = rules.compactMap { $0.storage.encryption?.kmsResource }
        if !keys.isEmpty {
            statements.append(("kms:GenerateDataKey", keys.contains("*") ? ["*"] : Array(Set(keys)).sorted()))
        }
        let json = JSONWriter.object(capacity: 512) { json in
            json.member("Version", "2012-10-17")
            json.array("Statement", of: statements) { json, statement in
                json.object { json in
                    json.member("Effect", "Allow")
                    json.member("Action", statement.action)
                    json.member("Resource", statement.resources)
                }
            }
        }
        return Self.ascii(json)
    }

    /// STS takes characters up to U+00FF only; JSON has escapes for the others (RFC 8259 section 7).
    private static func ascii(_ json: [UInt8]) -> String {
        var text = ""
        for unit in String(decoding: json, as: UTF8.self).utf16 {
            if unit < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }
}

extension Encryption {
    /// The KMS key for a statement: its ARN if the rule has that, otherwise any key of the role.
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

/// The rules of a tenant need more than a session policy can hold.
struct SessionPolicyError: Error {
    let problem =
        "the session policy from these rules is longer than the \(SessionPolicy.maximumLength) characters that STS takes"
    static let advice = "begin the rules' keyPrefix with one common folder, or leave sessionPolicy out"
}
