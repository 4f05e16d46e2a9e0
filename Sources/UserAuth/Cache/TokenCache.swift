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
