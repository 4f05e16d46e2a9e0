// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The current key set of an issuer, replaced as a whole when the issuer rotates its keys.
///
/// Keys from files never change. ``RemoteKeys`` calls ``replace(with:)`` and ``drop()``; cached tokens that were verified with other
/// keys are then no longer valid.
package final class IssuerKeys: Sendable {
    private let state: Mutex<KeySet?>
    /// Counts the changes of keys. Written under the lock of ``state`` and read without it, so that requests with a cached token do
    /// not contend for one lock.
    private let epoch = Atomic(0)
    private let onUnknownKey: (@Sendable (_ keyID: String) -> Void)?

    /// - Parameters:
    ///   - set: nil if none has been fetched; verification then fails with ``AuthenticationError/keysUnavailable(issuer:)``.
    ///   - onUnknownKey: called with each key id that a token names and the set does not have. It delays that request, so it must be
    ///     quick.
    package init(_ set: KeySet? = nil, onUnknownKey: (@Sendable (_ keyID: String) -> Void)? = nil) {
        state = Mutex(set)
        self.onUnknownKey = onUnknownKey
    }

    /// The current set; nil if there is none.
    package var current: KeySet? {
        state.withLock { $0 }
    }

    /// Replaces the current set. Cached tokens stay valid if the new set has the same keys.
    /// - Returns: whether the keys have changed.
    @discardableResult
    package func replace(with set: KeySet) -> Bool {
        state.withLock { current in
            let isChange = current?.fingerprint != set.fingerprint
            if isChange { epoch.add(1, ordering: .releasing) }
            current = set
            return isChange
        }
    }

    /// Removes the current set, so that tokens are refused until there is another.
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

    /// Reports that a token named a key that the set does not have.
    /// - Parameter keyID: the token's `kid`; empty if it has none.
    func reportUnknownKey(_ keyID: String) {
        onUnknownKey?(keyID)
    }

    /// Returns the current set and its epoch; nil if there is no set.
    func snapshot() -> (set: KeySet, epoch: Int)? {
        state.withLock { set in set.map { ($0, epoch.load(ordering: .relaxed)) } }
    }

    /// Whether the keys are still those of the snapshot with this epoch.
    func isUnchanged(since snapshot: Int) -> Bool {
        epoch.load(ordering: .acquiring) == snapshot
    }
}
