// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

/// A cache of verified tokens by the SHA-256 of the whole token, so that a signature is verified once and not at every request.
///
/// It holds a fixed number of buckets with a few slots each; a full bucket evicts an entry that was not used recently (second
/// chance, also known as CLOCK). A look-up and an insertion examine one bucket, so their cost does not depend on how full the
/// cache is.
final class TokenCache: Sendable {
    private let bucketCount: Int
    private let shards: [Shard]

    /// - Parameter capacity: the largest number of tokens, rounded down to whole buckets; 0 for none.
    init(capacity: Int) {
        let ways = max(0, min(capacity, Bucket.ways))
        let bucketCount = ways == 0 ? 0 : capacity / ways
        let shardCount = min(Shard.maximumCount, bucketCount)
        self.bucketCount = bucketCount
        shards = (0..<shardCount).map { index in
            Shard(buckets: (bucketCount - index + shardCount - 1) / shardCount, ways: ways)
        }
    }

    /// Returns the token with this digest, if it is cached and still valid.
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - generation: the generation of the rules that the request uses.
    func token(for digest: SHA256Digest, at now: Double, in generation: Int) -> VerifiedToken? {
        guard let (shard, index) = bucket(for: digest) else { return nil }
        return shard.state.withLock { state in
            let token = state.buckets[index].token(for: digest, at: now, in: generation)
            if token != nil { state.hits += 1 } else { state.misses += 1 }
            return token
        }
    }

    /// Inserts a token under the digest of its bytes.
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - generation: the generation of the rules that the request uses.
    func insert(_ token: VerifiedToken, for digest: SHA256Digest, at now: Double, in generation: Int) {
        guard let (shard, index) = bucket(for: digest) else { return }
        shard.state.withLock { $0.buckets[index].insert(token, for: digest, at: now, in: generation) }
    }

    var statistics: TokenCacheStatistics {
        shards.reduce(into: TokenCacheStatistics()) { sum, shard in
            shard.state.withLock { state in
                sum.entries += state.buckets.reduce(0) { $0 + $1.count }
                sum.hits += state.hits
                sum.misses += state.misses
            }
        }
    }

    private func bucket(for digest: SHA256Digest) -> (Shard, Int)? {
        guard bucketCount > 0 else { return nil }
        let bucket = Int(digest.first % UInt64(bucketCount))
        return (shards[bucket % shards.count], bucket / shards.count)
    }
}

/// The size and the hit rate of the token cache, since it was created.
package struct TokenCacheStatistics: Sendable {
    /// The number of cached tokens, including expired ones.
    package internal(set) var entries = 0
    /// How many tokens were found in the cache.
    package internal(set) var hits = 0
    /// How many tokens had to be verified, valid or not.
    package internal(set) var misses = 0
}

extension TokenCache {
    /// A part of the cache with its own lock, so that requests seldom wait for each other.
    final class Shard: Sendable {
        static let maximumCount = 16

        let state: Mutex<State>

        struct State {
            var buckets: [Bucket]
            var hits = 0
            var misses = 0
        }

        init(buckets: Int, ways: Int) {
            state = Mutex(State(buckets: Array(repeating: Bucket(ways: ways), count: buckets)))
        }
    }

    /// A small, fixed number of slots for tokens.
    struct Bucket {
        /// The usual number of slots.
        static let ways = 8

        private var slots: [Entry?]
        /// The slot at which the search for an entry to evict continues.
        private var hand = 0

        private struct Entry {
            let digest: SHA256Digest
            let token: VerifiedToken
            var wasUsed: Bool
        }

        init(ways: Int) {
            slots = Array(repeating: nil, count: ways)
        }

        var count: Int {
            slots.count { $0 != nil }
        }

        /// Returns the token with this digest if it is still valid, and removes it otherwise.
        mutating func token(for digest: SHA256Digest, at now: Double, in generation: Int) -> VerifiedToken? {
            for index in slots.indices where slots[index]?.digest == digest {
                guard let token = slots[index]?.token, token.isValid(at: now, in: generation) else {
                    slots[index] = nil
                    return nil
                }
                slots[index]?.wasUsed = true
                return token
            }
            return nil
        }

        mutating func insert(_ token: VerifiedToken, for digest: SHA256Digest, at now: Double, in generation: Int) {
            let index =
                slots.firstIndex { $0?.digest == digest }
                ?? slots.firstIndex { $0 == nil }
                ?? slots.firstIndex { !($0?.token.isValid(at: now, in: generation) ?? false) }
                ?? nextToEvict()
            slots[index] = Entry(digest: digest, token: token, wasUsed: false)
        }

        /// Returns the first slot, from the hand on, that was not used since the hand last passed it.
        private mutating func nextToEvict() -> Int {
            while true {
                let index = hand
                hand = (hand + 1) % slots.count
                guard slots[index]?.wasUsed ?? false else { return index }
                slots[index]?.wasUsed = false
            }
        }
    }
}
