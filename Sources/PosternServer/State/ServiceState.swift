// SPDX-License-Identifier: Apache-2.0

import UserAuth

/// What the service has while it runs: rules, keys, credentials.
package final class ServiceState: Sendable {
    /// Rules, keys and credentials in force.
    package let current: ServiceSnapshot
    /// When API keys were last used.
    let apiKeyUses: APIKeyUses
    /// The fetches that the start began.
    let firstRound: InitialFetch

    init(_ snapshot: ServiceSnapshot, apiKeyUses: APIKeyUses, firstRound: InitialFetch) {
        current = snapshot
        self.apiKeyUses = apiKeyUses
        self.firstRound = firstRound
    }
}
