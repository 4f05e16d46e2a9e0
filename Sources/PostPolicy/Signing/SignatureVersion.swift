// SPDX-License-Identifier: Apache-2.0

/// How a policy is signed.
public enum SignatureVersion: String, Sendable, Hashable, CaseIterable {
    /// Signature Version 4: HMAC-SHA-256 with a key for one day, region and service. The one to use.
    case v4
    /// Signature Version 2: HMAC-SHA-1 with the secret itself. Only for old S3-compatible stores.
    case v2
}
