// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Remembers verified tokens by the SHA-256 of the whole token, so that a signature is verified once and not at every request.
///
/// Bounded: a fixed number of buckets of a few places each; a full bucket gives up a place that was not used lately (second
/// chance). Finding and keeping look at one bucket, so both take the same time however full the cache is. A ``VerifiedToken`` is
/// the only thing that can be kept, and nothing but ``TokenVerifier`` makes one.
final class TokenCache: Sendable {
    private let bucketCount: Int
    private let shards: [Shard]

    /// - Parameter capacity: the most tokens to keep; 0 keeps none. Rounded down to whole buckets.
    init(capacity: Int) {
        let ways = max(0, min(capacity, Bucket.ways))
        let bucketCount = ways == 0 ? 0 : capacity / ways
        let shardCount = min(Shard.maximumCount, bucketCount)
        self.bucketCount = bucketCount
        shards = (0..<shardCount).map { index in
            Shard(buckets: (bucketCount - index + shardCount - 1) / shardCount, ways: ways)
        }
    }

    /// The token with this hash, if it is kept and still holds.
    /// - Parameter now: seconds since 1970.
    func token(_ hash: TokenDigest, at now: Double) -> VerifiedToken? {
        guard let (shard, index) = place(of: hash) else { return nil }
        return shard.state.withLock { state in
            let found = state.buckets[index].find(hash, at: now)
            if found != nil { state.hits += 1 } else { state.misses += 1 }
            return found
        }
    }

    /// Keeps a token under the hash of its bytes.
    /// - Parameter now: seconds since 1970.
    func keep(_ token: VerifiedToken, _ hash: TokenDigest, at now: Double) {
        guard let (shard, index) = place(of: hash) else { return }
        shard.state.withLock { $0.buckets[index].keep(token, hash, at: now) }
    }

    /// What the cache holds and what it was good for.
    var statistics: TokenCacheStatistics {
        shards.reduce(into: TokenCacheStatistics()) { sum, shard in
            shard.state.withLock { state in
                sum.kept += state.buckets.reduce(0) { $0 + $1.count }
                sum.hits += state.hits
                sum.misses += state.misses
            }
        }
    }

    private func place(of hash: TokenDigest) -> (Shard, Int)? {
        guard bucketCount > 0 else { return nil }
        let bucket = Int(hash.first % UInt64(bucketCount))
        return (shards[bucket % shards.count], bucket / shards.count)
    }
}

/// What the cache of verified tokens holds and what it was good for since it was made.
package struct TokenCacheStatistics: Sendable {
    /// How many tokens are kept, ended ones among them.
    package internal(set) var kept = 0
    /// How many tokens were answered from the cache.
    package internal(set) var hits = 0
    /// How many tokens had to be verified, valid or not.
    package internal(set) var misses = 0
}

extension TokenCache {
    /// A part of the cache with a lock of its own, so that requests seldom wait for each other.
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
}

extension TokenCache {
    /// A few places for tokens.
    struct Bucket {
        static let ways = 8

        private var places: [Place?]
        /// Where the search for a place to give up goes on.
        private var hand = 0

        private struct Place {
            let hash: TokenDigest
            let token: VerifiedToken
            var wasUsed: Bool
        }

        init(ways: Int) {
            places = Array(repeating: nil, count: ways)
        }

        var count: Int {
            places.count { $0 != nil }
        }

        /// The token with this hash, if it still holds. One that does not is dropped.
        mutating func find(_ hash: TokenDigest, at now: Double) -> VerifiedToken? {
            for index in places.indices where places[index]?.hash == hash {
                guard let token = places[index]?.token, token.holds(at: now) else {
                    places[index] = nil
                    return nil
                }
                places[index]?.wasUsed = true
                return token
            }
            return nil
        }

        mutating func keep(_ token: VerifiedToken, _ hash: TokenDigest, at now: Double) {
            let index =
                places.firstIndex { $0?.hash == hash }
                ?? places.firstIndex { $0 == nil }
                ?? places.firstIndex { !($0?.token.holds(at: now) ?? false) }
                ?? nextToGiveUp()
            places[index] = Place(hash: hash, token: token, wasUsed: false)
        }

        /// The first place from the hand on that was not used since the hand last passed it.
        private mutating func nextToGiveUp() -> Int {
            while true {
                let index = hand
                hand = (hand + 1) % places.count
                guard places[index]?.wasUsed ?? false else { return index }
                places[index]?.wasUsed = false
            }
        }
    }
}
