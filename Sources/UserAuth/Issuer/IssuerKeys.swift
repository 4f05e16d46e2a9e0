// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The place of an issuer's keys: the set that is valid now, swapped whole when the issuer rotates.
///
/// Local key material never changes after the start. For remote key sets the refresher keeps the same `IssuerKeys` and calls
/// ``replace(with:)``; tokens verified with another set are then dropped from the cache by the set's identity.
package final class IssuerKeys: Sendable {
    private let state: Mutex<KeySet?>

    /// - Parameter set: nil where no set was ever had: tokens of the issuer are then answered with
    ///   ``AuthenticationFailure/keysUnavailable(issuer:)``.
    package init(_ set: KeySet? = nil) {
        state = Mutex(set)
    }

    /// The set that is valid now.
    package var current: KeySet? {
        state.withLock { $0 }
    }

    /// Puts another set in the place of the present one.
    package func replace(with set: KeySet) {
        state.withLock { $0 = set }
    }

    /// Whether the present set is the one with this identity.
    func holds(_ identity: SHA256Words) -> Bool {
        state.withLock { $0?.identity == identity }
    }
}
