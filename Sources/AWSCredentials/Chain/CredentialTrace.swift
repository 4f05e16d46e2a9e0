// SPDX-License-Identifier: Apache-2.0

/// What came of asking one provider, for the command line. Nothing secret.
package struct CredentialTrace: Sendable, Equatable {
    package let provider: String
    /// A sentence, or a part of one.
    package let outcome: String
}
