// SPDX-License-Identifier: Apache-2.0

/// What the cache of verified tokens holds and what it was good for since it was made.
package struct TokenCacheStatistics: Sendable {
    /// How many tokens are kept, ended ones among them.
    package let kept: Int
    /// How many tokens were answered from the cache.
    package let hits: Int
    /// How many tokens had to be verified, valid or not.
    package let misses: Int
}
