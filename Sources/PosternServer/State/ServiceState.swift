// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UserAuth

/// The current snapshot behind one lock; whoever reloads makes a new one beside it and swaps.
package final class ServiceState: Sendable {
    private let box: Mutex<ServiceSnapshot>
    /// When API keys were last used, over all snapshots.
    let apiKeyUses: APIKeyUses
    /// The fetches that the start began.
    let firstRound: FirstRound

    init(_ snapshot: ServiceSnapshot, apiKeyUses: APIKeyUses, firstRound: FirstRound) {
        self.box = Mutex(snapshot)
        self.apiKeyUses = apiKeyUses
        self.firstRound = firstRound
    }

    package var current: ServiceSnapshot {
        box.withLock { $0 }
    }

    package func swap(_ snapshot: ServiceSnapshot) {
        box.withLock { $0 = snapshot }
    }
}
