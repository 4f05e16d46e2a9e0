// SPDX-License-Identifier: Apache-2.0

/// How an issuer's remote keys are, for status pages and metrics. What came from the provider is bounded and harmless to show.
package struct RemoteKeysStatus: Sendable {
    package let issuer: String
    package let endpoint: KeyEndpoint
    /// Whether there is a set that verifies tokens.
    package let hasKeys: Bool
    /// The ids of the set's keys in printable ASCII; nil for a key without one. Empty without a set.
    package let keyIDs: [String?]
    /// The keys of the set that serve no token, each with the reason.
    package let skipped: [String]
    /// Whole seconds since the last successful fetch began; nil where there was none.
    package let ageSeconds: Int?
    /// The sentence of the last failed fetch, also when later ones succeeded; nil where none failed.
    package let lastError: String?
    /// A ``KeyFetchError/Reason``.
    package let lastErrorReason: String?
    /// Whole seconds since it failed.
    package let lastErrorAgeSeconds: Int?
    /// How many fetches failed since the last that succeeded: 0 where ``lastError`` is of the past.
    package let failuresInARow: Int
    /// How many fetches were begun.
    package let fetches: Int
    /// How many brought a set.
    package let successes: Int
    /// How many failed, by ``KeyFetchError/Reason``.
    package let failures: [String: Int]
}
