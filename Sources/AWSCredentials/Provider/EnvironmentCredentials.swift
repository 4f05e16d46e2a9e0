// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials from the environment: the first of AWS's chain, and a tenant's own by `env: PREFIX`.
package struct EnvironmentCredentials: Sendable {
    private let prefix: String

    /// - Parameter prefix: `AWS` for AWS's own names
    package init(prefix: String = "AWS") {
        self.prefix = prefix
    }

    /// Reads `<PREFIX>_ACCESS_KEY_ID`, `<PREFIX>_SECRET_ACCESS_KEY` and, where they are set, `<PREFIX>_SESSION_TOKEN` and
    /// `<PREFIX>_CREDENTIAL_EXPIRATION` (ISO 8601).
    package func credentials(from environment: [String: String]) throws(CredentialError) -> SigningCredentials {
        let keyName = "\(prefix)_ACCESS_KEY_ID"
        let secretName = "\(prefix)_SECRET_ACCESS_KEY"
        let tokenName = "\(prefix)_SESSION_TOKEN"
        let key = environment[keyName] ?? ""
        let secret = environment[secretName] ?? ""
        if key.isEmpty, secret.isEmpty { throw .notSet(names: [keyName, secretName]) }
        if key.isEmpty { throw .incomplete(missing: keyName) }
        if secret.isEmpty { throw .incomplete(missing: secretName) }
        let token = environment.nonEmpty(tokenName)
        for (name, value) in [(keyName, key), (secretName, secret), (tokenName, token ?? "")] {
            let isBare = value.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
            // A slash would end the id in the scope of a signature.
            let isWhole = name != keyName || !value.utf8.contains(UInt8(ascii: "/"))
            if !isBare || !isWhole { throw .malformed(name: name) }
        }
        if secret.looksLikeAnAccessKeyID { throw .configuration("\(keyName) and \(secretName) are exchanged: swap their values") }
        return SigningCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: try expiration(environment))
    }

    private func expiration(_ environment: [String: String]) throws(CredentialError) -> Date? {
        let name = "\(prefix)_CREDENTIAL_EXPIRATION"
        guard let text = environment.nonEmpty(name) else { return nil }
        guard let date = Date(text, as: .iso8601) else {
            throw .configuration("\(name) is not a date with its zone: write it like 2026-01-01T00:05:00Z")
        }
        return date
    }
}
