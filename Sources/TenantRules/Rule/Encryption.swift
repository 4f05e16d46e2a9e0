// SPDX-License-Identifier: Apache-2.0

/// Server-side encryption that the rule asks the store for.
package enum Encryption: Sendable, Hashable {
    /// S3's own keys.
    case aes256
    /// A key in AWS KMS. `type` is `aws:kms` or `aws:kms:dsse`.
    case kms(type: String, keyID: String)
}
