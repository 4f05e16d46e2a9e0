// SPDX-License-Identifier: Apache-2.0

/// How long requests took, in cumulative buckets as Prometheus wants them.
struct DurationHistogram {
    /// Upper bounds in seconds.
    static let bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    private(set) var buckets = [Int](repeating: 0, count: DurationHistogram.bounds.count + 1)
    private(set) var sum = 0.0

    /// All requests recorded.
    var count: Int { buckets.reduce(0, +) }

    /// Adds what another one has recorded.
    mutating func add(_ other: DurationHistogram) {
        sum += other.sum
        for place in buckets.indices { buckets[place] += other.buckets[place] }
    }

    mutating func record(_ seconds: Double) {
        sum += seconds
        buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    }
}
