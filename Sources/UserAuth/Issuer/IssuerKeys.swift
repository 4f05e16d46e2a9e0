// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The place of an issuer's keys: the set that is valid now, swapped whole when the issuer rotates.
///
/// Local key material never changes after the start. For remote key sets the refresher keeps the same `IssuerKeys` and calls
/// ``replace(with:)``; tokens that were verified with other keys are then no longer taken from the cache.
package final class IssuerKeys: Sendable {
    private let state: Mutex<KeySet?>
    /// Counts the changes of keys. Written under the lock of ``state``, read without it: the way of a remembered token takes no
    /// lock that all requests share.
    private let epoch = Atomic(0)

    /// - Parameter set: nil where no set was ever had: tokens of the issuer are then answered with
    ///   ``AuthenticationFailure/keysUnavailable(issuer:)``.
    package init(_ set: KeySet? = nil) {
        state = Mutex(set)
    }

    /// The set that is valid now.
    package var current: KeySet? {
        state.withLock { $0 }
    }

    /// Puts another set in the place of the present one. Where it holds the same keys, what they verified stays remembered.
    package func replace(with set: KeySet) {
        state.withLock { current in
            if current?.identity != set.identity { epoch.add(1, ordering: .releasing) }
            current = set
        }
    }

    /// The set that is valid now, and since which change.
    func snapshot() -> (set: KeySet, epoch: Int)? {
        state.withLock { set in set.map { ($0, epoch.load(ordering: .relaxed)) } }
    }

    /// Whether the keys are still those of a snapshot.
    func isUnchanged(since snapshot: Int) -> Bool {
        epoch.load(ordering: .acquiring) == snapshot
    }
}
