// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials as a service or a program wrote them, before anything of them is believed.
struct ReceivedCredentials {
    var accessKeyID: String?
    var secretAccessKey: String?
    var sessionToken: String?
    var expiration: String?

    /// The credentials, where every field is what it should be.
    /// - Parameters:
    ///   - source: who wrote them; begins the sentence of an error
    ///   - tokenName: how the source calls the session token
    ///   - isTemporary: whether a session token and an end must be there
    func checked(from source: String, tokenName: String, isTemporary: Bool) throws(CredentialError) -> SigningCredentials {
        let key = try required(accessKeyID, "AccessKeyId", source)
        guard !key.utf8.contains(UInt8(ascii: "/")), key.utf8.count <= 128 else {
            throw .unavailable("\(source) gave an AccessKeyId that cannot be one")
        }
        let secret = try required(secretAccessKey, "SecretAccessKey", source)
        guard !secret.looksLikeAnAccessKeyID else {
            throw .unavailable("\(source) gave an access key id where the secret access key should be: are the two exchanged?")
        }
        let token = isTemporary || sessionToken?.isEmpty == false ? try required(sessionToken, tokenName, source) : nil
        var end: Date?
        if isTemporary || expiration?.isEmpty == false {
            end = Date(try required(expiration, "Expiration", source), as: .iso8601)
            guard end != nil else { throw .unavailable("\(source) gave an Expiration that is not a date as ISO 8601 writes it") }
        }
        return SigningCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: end)
    }

    private func required(_ value: String?, _ name: String, _ source: String) throws(CredentialError) -> String {
        guard let value, !value.isEmpty else { throw .unavailable("\(source) gave no \(name)") }
        guard value.isVisibleASCII else {
            throw .unavailable("\(source) gave a value of \(name) that holds white space, a control or other than ASCII")
        }
        return value
    }
}

extension ReceivedCredentials: CustomStringConvertible, CustomReflectable {
    /// Nothing of what was received.
    var description: String { "ReceivedCredentials" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// Whether this is written like the ids of AWS (`AKIA…` and `ASIA…` with 20 characters), which a secret never is: then id and
    /// secret have been exchanged, and the secret would stand in every ticket.
    var looksLikeAnAccessKeyID: Bool {
        utf8.count == 20 && (hasPrefix("AKIA") || hasPrefix("ASIA"))
            && utf8.allSatisfy { $0.isASCIIUppercase || $0.isASCIIDigit }
    }
}
