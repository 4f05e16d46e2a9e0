// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Remembers verified tokens by the SHA-256 of the whole token, so that a signature is verified once and not at every request.
///
/// Bounded: a fixed number of buckets of a few places each; a full bucket gives up the place that was not used for the longest
/// time (second chance). Finding and keeping look at one bucket, so both take the same time however full the cache is. A
/// ``VerifiedToken`` is the only thing that can be kept, and nothing but ``TokenVerifier`` makes one.
final class TokenCache: Sendable {
    private let buckets: Int
    private let shards: [Shard]
    private let hits = Atomic(0)
    private let misses = Atomic(0)

    /// - Parameter capacity: the most tokens to keep; 0 keeps none. Rounded down to whole buckets.
    init(capacity: Int) {
        let ways = max(0, min(capacity, Bucket.ways))
        buckets = ways == 0 ? 0 : capacity / ways
        shards = (0..<min(16, max(1, buckets))).map { _ in Shard() }
        for index in 0..<buckets {
            shards[index % shards.count].state.withLock { $0.append(Bucket(ways: ways)) }
        }
    }

    /// The token with this hash, if it is kept and still holds.
    /// - Parameter now: seconds since 1970.
    func token(_ hash: SHA256Words, at now: Double) -> VerifiedToken? {
        guard let (shard, index) = place(of: hash) else { return nil }
        let found = shard.state.withLock { $0[index].find(hash) }
        guard let found, found.holds(at: now) else {
            misses.add(1, ordering: .relaxed)
            return nil
        }
        hits.add(1, ordering: .relaxed)
        return found
    }

    /// Keeps a token under the hash of its bytes.
    func keep(_ token: VerifiedToken, _ hash: SHA256Words, at now: Double) {
        guard let (shard, index) = place(of: hash) else { return }
        shard.state.withLock { $0[index].keep(token, hash, at: now) }
    }

    /// What the cache holds and what it was good for.
    var statistics: TokenCacheStatistics {
        let kept = shards.reduce(0) { $0 + $1.state.withLock { $0.reduce(0) { $0 + $1.count } } }
        return TokenCacheStatistics(kept: kept, hits: hits.load(ordering: .relaxed), misses: misses.load(ordering: .relaxed))
    }

    private func place(of hash: SHA256Words) -> (Shard, Int)? {
        guard buckets > 0 else { return nil }
        let bucket = Int(hash.first % UInt64(buckets))
        return (shards[bucket % shards.count], bucket / shards.count)
    }

    private final class Shard: Sendable {
        let state = Mutex<[Bucket]>([])
    }
}
