// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

/// Tokens that named a key which the issuer's set does not have: each may mean that the issuer has rotated, and any client can
/// make them up. At most one in 30 s asks for a fetch.
///
/// Apart from the schedule and its lock, because this is the only part of ``RemoteKeys`` that requests touch.
final class KeyMisses: Sendable {
    /// How long one miss keeps the others from asking.
    static let interval: Duration = .seconds(30)
    /// How long the same id is not asked for again.
    static let memory: Duration = .seconds(60)
    /// The most ids that are remembered.
    static let capacity = 128

    private let uptime: @Sendable () -> Duration
    /// The uptime in nanoseconds from which on a miss may ask again. Read before any lock is taken, so that a flood of made-up
    /// ids costs a look at the clock each.
    private let free = Atomic(Int64.min)
    private let isWanted = Atomic(false)
    private let asked = Mutex<[(id: String, until: Duration)]>([])

    init(uptime: @escaping @Sendable () -> Duration) {
        self.uptime = uptime
    }

    /// Takes note of an id that the set does not have.
    /// - Parameter id: a token's `kid`; at most 128 bytes, as ``TokenHeader`` has seen to.
    func note(_ id: String) {
        let now = uptime()
        guard now.nanoseconds >= free.load(ordering: .acquiring) else { return }
        asked.withLock { asked in
            guard now.nanoseconds >= free.load(ordering: .relaxed) else { return }
            asked.removeAll { $0.until <= now }
            guard asked.count < Self.capacity, !asked.contains(where: { $0.id.hasSameBytes(as: id) }) else { return }
            asked.append((id, now + Self.memory))
            // Taken before the fetch: a fetch that hangs or fails must not let the next miss ask.
            free.store((now + Self.interval).nanoseconds, ordering: .releasing)
            isWanted.store(true, ordering: .releasing)
        }
    }

    /// Whether a miss asks for a fetch that has not begun.
    var areWaiting: Bool { isWanted.load(ordering: .acquiring) }

    /// A fetch begins: it answers what was asked so far, and not what is asked while it runs.
    func fetchBegins() {
        isWanted.store(false, ordering: .releasing)
    }

    /// The set has other keys: what it lacked says nothing any more.
    func forget() {
        asked.withLock { $0.removeAll() }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
