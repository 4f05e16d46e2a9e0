// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials in environment variables: `<PREFIX>_ACCESS_KEY_ID`, `<PREFIX>_SECRET_ACCESS_KEY` and, if they are set,
/// `<PREFIX>_SESSION_TOKEN` and `<PREFIX>_CREDENTIAL_EXPIRATION` (ISO 8601).
struct EnvironmentProvider: CredentialProvider {
    let context: ProviderContext
    /// `AWS` for AWS's own names.
    let prefix: String

    var name: String { prefix == "AWS" ? "environment" : "environment \(prefix)" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        do throws(CredentialError) {
            return ProvidedCredentials(credentials: try readVariables(), provider: name)
        } catch .notSet where prefix == "AWS" {
            throw .notConfigured("AWS_ACCESS_KEY_ID is not set")
        }
    }

    /// Reads and checks the variables.
    func readVariables() throws(CredentialError) -> SigningCredentials {
        let keyName = "\(prefix)_ACCESS_KEY_ID"
        let secretName = "\(prefix)_SECRET_ACCESS_KEY"
        let tokenName = "\(prefix)_SESSION_TOKEN"
        let key = context.variable(keyName) ?? ""
        let secret = context.variable(secretName) ?? ""
        if key.isEmpty, secret.isEmpty { throw .notSet(names: [keyName, secretName]) }
        if key.isEmpty { throw .incomplete(missing: keyName) }
        if secret.isEmpty { throw .incomplete(missing: secretName) }
        let token = context.variable(tokenName)
        for (name, value) in [(keyName, key), (secretName, secret), (tokenName, token ?? "")] {
            let isBare = value.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
            // In a credential scope, a slash would end the access key id.
            let isID = !value.utf8.contains(UInt8(ascii: "/")) && value.utf8.count <= CredentialError.longestAccessKeyID
            if !isBare || (name == keyName && !isID) { throw .malformed(name: name) }
        }
        if secret.looksLikeAnAccessKeyID {
            throw .configuration("the values of \(keyName) and \(secretName) are swapped: exchange them")
        }
        return SigningCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: try expiration())
    }

    private func expiration() throws(CredentialError) -> Date? {
        let name = "\(prefix)_CREDENTIAL_EXPIRATION"
        guard let text = context.variable(name) else { return nil }
        guard let date = Date(text, as: .iso8601) else {
            throw .configuration("\(name) is not a date with its time zone: write it like 2026-01-01T00:05:00Z")
        }
        return date
    }
}
