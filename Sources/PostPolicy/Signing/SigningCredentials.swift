// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The access key a policy is signed with. Printing one never shows the secret or the session token.
public struct SigningCredentials: Sendable {
    /// The access key id, which is public: it stands in every form.
    public let accessKeyID: String
    /// The secret access key.
    public let secretAccessKey: String
    /// The token that belongs to temporary credentials; it becomes a field of the form.
    public let sessionToken: String?
    /// When temporary credentials end; nil for those that do not.
    public let expiration: Date?

    /// Takes credentials as a provider hands them out.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

extension SigningCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The last four characters of the access key id, and nothing secret.
    public var description: String {
        "SigningCredentials(…\(String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self)))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
