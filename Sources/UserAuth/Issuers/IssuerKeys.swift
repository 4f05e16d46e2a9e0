// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The place of an issuer's keys: the set that is valid now, swapped whole when the issuer rotates.
///
/// Local key material never changes after the start. ``RemoteKeys`` keeps the same `IssuerKeys` and calls ``replace(with:)`` and
/// ``drop()``; tokens that were verified with other keys are then no longer taken from the cache.
package final class IssuerKeys: Sendable {
    private let state: Mutex<KeySet?>
    /// Counts the changes of keys. Written under the lock of ``state``, read without it: the way of a remembered token takes no
    /// lock that all requests share.
    private let epoch = Atomic(0)
    private let onMiss: (@Sendable (_ keyID: String) -> Void)?

    /// - Parameters:
    ///   - set: nil where no set was ever had: tokens of the issuer are then answered with
    ///     ``AuthenticationError/keysUnavailable(issuer:)``.
    ///   - onMiss: called on the way of a request whose token names a key that the set does not have, so it must be quick.
    package init(_ set: KeySet? = nil, onMiss: (@Sendable (_ keyID: String) -> Void)? = nil) {
        state = Mutex(set)
        self.onMiss = onMiss
    }

    /// The set that is valid now.
    package var current: KeySet? {
        state.withLock { $0 }
    }

    /// Puts another set in the place of the present one. Where it holds the same keys, what they verified stays remembered.
    /// - Returns: whether the keys are others than before.
    @discardableResult
    package func replace(with set: KeySet) -> Bool {
        state.withLock { current in
            let isChange = current?.identity != set.identity
            if isChange { epoch.add(1, ordering: .releasing) }
            current = set
            return isChange
        }
    }

    /// Takes the set away; what its keys verified is no longer remembered.
    /// - Returns: whether there was a set.
    @discardableResult
    package func drop() -> Bool {
        state.withLock { current in
            guard current != nil else { return false }
            epoch.add(1, ordering: .releasing)
            current = nil
            return true
        }
    }

    /// A token named a key that the set does not have.
    func missed(_ keyID: String) {
        onMiss?(keyID)
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
