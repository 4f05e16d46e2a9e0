// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The ARN of a role to assume.
///
/// There are two rules. STS takes any text of the right length, and stores other than AWS use forms of their own: that is enough
/// for AWS's shared files, which other programs read too. Rule files are Postern's own, so a mistake there is found at once; see
/// ``isIAMRole``.
package struct RoleARN: Sendable, Hashable {
    package let text: String

    /// Nil for what STS does not take: 20 to 2048 characters ("AssumeRole", AWS STS API Reference), here of visible ASCII.
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

    /// Twelve digits on AWS. Ceph's gateway has roles without an account, and accounts of its own form.
    private static func isAccount(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.hasPrefix("RGW") ? text.dropFirst(3) : text
        return digits.utf8.allSatisfy(\.isASCIIDigit) && digits.utf8.count == (text.hasPrefix("RGW") ? 17 : 12)
    }
}
