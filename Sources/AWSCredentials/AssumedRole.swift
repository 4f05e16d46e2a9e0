// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A role to assume, with the parameters of its session (`AssumeRole` and `AssumeRoleWithWebIdentity`, AWS STS API Reference).
package struct AssumedRole: Sendable, Hashable {
    /// The text of a ``RoleARN``.
    package var roleARN: String
    /// The external id that the role's trust policy requires.
    package var externalID: String?
    /// The session's name in AWS's logs: 2 to 64 of `[A-Za-z0-9_+=,.@-]`; nil for `postern-` and the time in seconds. Two roles
    /// that differ in the session policy have different names.
    package var sessionName: String?
    /// 900 to 43200; nil for STS's default, an hour.
    package var durationSeconds: Int?
    /// A policy that narrows the session: JSON of at most 2048 characters.
    package var sessionPolicy: String?
    /// The region whose STS is used if the environment, the profile and the endpoint name none.
    package var region: String?

    package init(
        roleARN: String, externalID: String? = nil, sessionName: String? = nil, durationSeconds: Int? = nil,
        sessionPolicy: String? = nil, region: String? = nil
    ) {
        self.roleARN = roleARN
        self.externalID = externalID
        self.sessionName = sessionName
        self.durationSeconds = durationSeconds
        self.sessionPolicy = sessionPolicy
        self.region = region
    }

    /// The possible durations of a session, in seconds (`DurationSeconds`).
    static let durations = 900...43_200

    /// Whether STS accepts the text as an external id (`ExternalId`).
    package static func isExternalID(_ text: String) -> Bool {
        (2...1224).contains(text.utf8.count)
            && text.utf8.allSatisfy { isNameCharacter($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }

    /// Whether STS accepts the text as a session's name (`RoleSessionName`).
    static func isSessionName(_ text: String) -> Bool {
        (2...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameCharacter)
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "_+=,.@-".utf8.contains(byte)
    }
}

/// The ARN of a role to assume.
///
/// There are two checks. The initialiser accepts any text that STS accepts, since stores other than AWS use other forms; AWS's
/// shared files, which other programs read too, need only this check. In rule files, which only Postern reads, an ARN must also
/// satisfy ``isIAMRole``, so that a mistake is reported at once.
package struct RoleARN: Sendable, Hashable {
    package let text: String

    /// Returns nil for text that STS does not accept: it takes 20 to 2048 characters (`RoleArn`), here of visible ASCII.
    package init?(_ text: String) {
        guard (20...2048).contains(text.utf8.count), text.utf8.starts(with: "arn:".utf8), text.utf8.allSatisfy(\.isVisibleASCII)
        else { return nil }
        self.text = text
    }

    /// The second part, such as `aws` or `aws-cn`.
    package var partition: Substring { parts[1] }

    /// Whether it is `arn:<partition>:iam::<account>:role/<path and name>`.
    package var isIAMRole: Bool {
        let parts = parts
        return parts.count == 6 && parts[1].hasPrefix("aws") && parts[2] == "iam" && parts[3].isEmpty && Self.isAccount(parts[4])
            && parts[5].hasPrefix("role/") && parts[5].utf8.count > 5
    }

    private var parts: [Substring] { text.split(separator: ":", omittingEmptySubsequences: false) }

    /// On AWS, an account is twelve digits. On Ceph RGW, a role may have no account, or one of another form.
    private static func isAccount(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.hasPrefix("RGW") ? text.dropFirst(3) : text
        return digits.utf8.allSatisfy(\.isASCIIDigit) && digits.utf8.count == (text.hasPrefix("RGW") ? 17 : 12)
    }
}
