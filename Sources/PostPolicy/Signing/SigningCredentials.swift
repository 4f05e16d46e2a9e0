// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The access key that signs a policy. Printing one shows neither the secret nor the session token.
public struct SigningCredentials: Sendable {
    /// The access key id. It is public: every form contains it.
    public let accessKeyID: String
    /// The secret access key.
    public let secretAccessKey: String
    /// The session token of temporary credentials, which becomes a field of the form; nil for long-term ones.
    public let sessionToken: String?
    /// When temporary credentials expire; nil for long-term ones.
    public let expiration: Date?

    /// Creates credentials. Their values are checked when they sign.
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
