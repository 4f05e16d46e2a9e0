// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import UploadRules
import WireFormats

/// The policy that narrows an assumed role to what a tenant's rules need: with a stolen session one can put objects under
/// the prefixes of the rules, and nothing else. (Size, type and user are bound by each ticket; a session cannot bind them.)
/// `sessionPolicy: fromRules` asks for it.
///
/// `s3:PutObject` under the prefix of each rule; beside it `s3:PutObjectAcl` and `s3:PutObjectTagging` only where a rule sets an
/// ACL or tags, because S3 asks for these rights too (Amazon S3 User Guide, "Required permissions for Amazon S3 API
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

    /// Compact JSON in ASCII. Where patterns of every placeholder's place make it longer than STS takes, each rule is covered by
    /// what its keys begin with instead, and `isWidened` says so.
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

    /// STS takes characters up to U+00FF only; JSON can say the others by escapes (RFC 8259 section 7).
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
    /// The KMS key that a statement can name: its ARN where the rule has that, else any key that the role may use.
    fileprivate var kmsResource: String? {
        guard case .kms(_, let keyID) = self else { return nil }
        return keyID.hasPrefix("arn:") && keyID.contains(":key/") ? keyID : "*"
    }
}
