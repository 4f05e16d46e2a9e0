// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials as received from a service, a program or a file, not yet checked.
struct ReceivedCredentials {
    var accessKeyID: String?
    var secretAccessKey: String?
    var sessionToken: String?
    var expiration: String?

    /// Returns the credentials if every field is valid.
    /// - Parameters:
    ///   - source: the name of the source, which begins each error message
    ///   - tokenName: the source's name for the session token
    ///   - isTemporary: whether a session token and an expiration are required
    func validated(from source: String, tokenName: String, isTemporary: Bool) throws(CredentialError) -> SigningCredentials {
        let key = try required(accessKeyID, "AccessKeyId", source)
        // In a credential scope, a slash would end the access key id.
        guard !key.utf8.contains(UInt8(ascii: "/")), key.utf8.count <= CredentialError.longestAccessKeyID else {
            throw .unavailable(
                "\(source) has an AccessKeyId with a slash or of over \(CredentialError.longestAccessKeyID) characters: "
                    + "correct it there")
        }
        let secret = try required(secretAccessKey, "SecretAccessKey", source)
        guard !secret.looksLikeAnAccessKeyID else {
            throw .unavailable("\(source) has an access key id in the place of the secret access key: are the two exchanged?")
        }
        let token = isTemporary || sessionToken?.isEmpty == false ? try required(sessionToken, tokenName, source) : nil
        var end: Date?
        if isTemporary || expiration?.isEmpty == false {
            end = Date(try required(expiration, "Expiration", source), as: .iso8601)
            guard end != nil else {
                throw .unavailable("\(source) has an Expiration that is not a date of ISO 8601, such as 2026-01-01T00:05:00Z")
            }
        }
        return SigningCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: end)
    }

    private func required(_ value: String?, _ name: String, _ source: String) throws(CredentialError) -> String {
        guard let value, !value.isEmpty else { throw .unavailable("\(source) has no \(name)") }
        guard value.isVisibleASCII else {
            throw .unavailable("\(source) has a value of \(name) with white space, a control or a character outside ASCII")
        }
        return value
    }
}

extension ReceivedCredentials {
    /// Reads the members of a JSON response.
    /// - Parameter tokenName: the source's name for the session token
    init(_ object: JSONObject, tokenName: String, from source: String) throws(CredentialError) {
        accessKeyID = try object.text("AccessKeyId", from: source)
        secretAccessKey = try object.text("SecretAccessKey", from: source)
        sessionToken = try object.text(tokenName, from: source)
        expiration = try object.text("Expiration", from: source)
    }
}

extension ReceivedCredentials: CustomStringConvertible, CustomReflectable {
    /// Does not show what was received.
    var description: String { "ReceivedCredentials" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension JSONObject {
    /// Reads a response that must be one JSON object.
    /// - Parameter source: the name of the source, which begins each error message
    init(response: [UInt8], from source: String) throws(CredentialError) {
        // The parser's own error may quote what it read.
        guard let value = try? JSONValue(parsing: response), case .object(let object) = value else {
            throw .unavailable("\(source) returned something other than a JSON object")
        }
        self = object
    }

    /// Returns the text of a member; nil if it is absent or null.
    func text(_ name: String, from source: String) throws(CredentialError) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw .unavailable("\(source) has a value of \(name) that is not a string")
        }
    }
}

extension String {
    /// Whether this looks like an AWS access key id (`AKIA…` or `ASIA…`, 20 characters). No secret key has this form: if one
    /// seems to, id and secret were swapped, and the secret would appear in every ticket.
    var looksLikeAnAccessKeyID: Bool {
        utf8.count == 20 && (hasPrefix("AKIA") || hasPrefix("ASIA"))
            && utf8.allSatisfy { $0.isASCIIUppercase || $0.isASCIIDigit }
    }
}
