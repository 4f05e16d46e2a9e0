// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The status of one source of credentials, for `/readyz`, metrics and the command line. Nothing secret.
package struct CredentialsStatus: Sendable {
    package let origin: CredentialSource
    /// Which provider gave the present ones, such as `instance metadata`; nil where there are none.
    package let provider: String?
    /// The last four characters of the access key id.
    package let accessKeySuffix: String?
    /// Their end; nil where there is none or they have none.
    package let expiration: Date?
    /// Seconds until their end, negative past it; nil where they have none.
    package let remaining: Double?
    /// Seconds since they were fetched.
    package let ageSeconds: Double?
    /// Why the last attempt failed; nil where it did not.
    package let problem: CredentialError?
    /// Seconds since that.
    package let problemAgeSeconds: Double?
    /// Attempts that succeeded, and that failed, since the start.
    package let successes: Int
    package let failures: Int
    /// Attempts that failed since the last that succeeded.
    package let failuresInARow: Int
}
