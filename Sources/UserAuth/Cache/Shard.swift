// SPDX-License-Identifier: Apache-2.0

import Synchronization

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
