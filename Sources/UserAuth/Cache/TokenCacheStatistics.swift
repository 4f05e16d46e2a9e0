// SPDX-License-Identifier: Apache-2.0

/// What the cache of verified tokens holds and what it was good for since it was made.
package struct TokenCacheStatistics: Sendable {
    /// How many tokens are kept, ended ones among them.
    package internal(set) var kept = 0
    /// How many tokens were answered from the cache.
    package internal(set) var hits = 0
    /// How many tokens had to be verified, valid or not.
    package internal(set) var misses = 0
}
