// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parameters of `AssumeRole` and `AssumeRoleWithWebIdentity`.
package struct AssumeRoleRequest: Sendable, Hashable {
    /// A ``RoleARN``'s text
    package var roleARN: String
    package var externalID: String?
    /// 2 to 64 of `[A-Za-z0-9_+=,.@-]`; nil for one that names Postern and the time
    package var sessionName: String?
    /// 900 to 43200; nil for what STS grants, an hour
    package var durationSeconds: Int?
    /// A policy that narrows the session, as JSON
    package var sessionPolicy: String?

    package init(
        roleARN: String, externalID: String? = nil, sessionName: String? = nil, durationSeconds: Int? = nil,
        sessionPolicy: String? = nil
    ) {
        self.roleARN = roleARN
        self.externalID = externalID
        self.sessionName = sessionName
        self.durationSeconds = durationSeconds
        self.sessionPolicy = sessionPolicy
    }

    /// How long a session can last, in seconds ("AssumeRole", `DurationSeconds`, AWS STS API Reference).
    static let durations = 900...43_200

    /// Whether STS takes the text as an external id ("AssumeRole", `ExternalId`).
    package static func isExternalID(_ text: String) -> Bool {
        (2...1224).contains(text.utf8.count)
            && text.utf8.allSatisfy { isNamePart($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }

    /// The form of an action, after what can be judged here has been.
    func form(action: String, at now: Date) throws(CredentialError) -> STSForm {
        guard RoleARN(roleARN) != nil else {
            throw .configuration("the ARN of a role to assume is none: it is written arn:aws:iam::123456789012:role/name")
        }
        let name = sessionName ?? "postern-\(Int(now.timeIntervalSince1970))"
        guard (2...64).contains(name.utf8.count), name.utf8.allSatisfy({ Self.isNamePart($0) }) else {
            throw .configuration(
                "the session name for \(roleARN) is not allowed: 2 to 64 letters, digits and any of _+=,.@- make one")
        }
        if let externalID, !Self.isExternalID(externalID) {
            throw .configuration(
                "the external id for \(roleARN) is not allowed: 2 to 1224 letters, digits and any of _+=,.@:/- make one")
        }
        if let durationSeconds, !Self.durations.contains(durationSeconds) {
            throw .configuration("duration_seconds for \(roleARN) is not between 900 and 43200")
        }
        var form = STSForm(action: action)
        form.add("RoleArn", roleARN)
        form.add("RoleSessionName", name)
        form.add("ExternalId", externalID)
        form.add("DurationSeconds", durationSeconds.map(String.init))
        form.add("Policy", sessionPolicy)
        return form
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "_+=,.@-".utf8.contains(byte)
    }
}
