// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Session tokens that leave no room for the rest of a form.
enum SessionTokenLength {
    /// Refuses credentials that cannot sign the smallest form, in any signature version, within the store's limit.
    static func check(_ credentials: SigningCredentials) throws(CredentialError) {
        guard let token = credentials.sessionToken else { return }
        // Dates do not change the size of a form. This one is before the end of any credentials.
        let date = Date(timeIntervalSince1970: 0)
        let errors = SignatureVersion.allCases.compactMap { version -> PolicyError? in
            do throws(PolicyError) {
                let policy = try UploadPolicy(bucket: "aaa", key: "k", contentLength: 0...0, expiration: date + 1)
                _ = try PolicySigner().sign(policy, version: version, credentials: credentials, region: "r", at: date)
                return nil
            } catch {
                return error
            }
        }
        let canSign = errors.count < SignatureVersion.allCases.count
        if !canSign, errors.contains(where: \.isSessionTokenTooLong) { throw problem(token) }
    }

    /// Returns the problem if a form is too large because of the token, and not because of the request; nil for other errors.
    static func problem(of credentials: SigningCredentials, _ error: PolicyError) -> CredentialError? {
        guard let token = credentials.sessionToken, error.isSessionTokenTooLong else { return nil }
        return problem(token)
    }

    private static func problem(_ token: String) -> CredentialError {
        .unavailable(
            """
            the session token is \(token.utf8.count) bytes long, and with it the form is over the store's \(SignedForm.maximumBytes) \
            bytes: assume the role with a shorter session policy or fewer session tags
            """
        )
    }
}
