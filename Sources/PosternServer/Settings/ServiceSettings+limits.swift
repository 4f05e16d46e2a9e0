// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import RuleFiles

extension ServiceSettings {
    /// The limits of the public listener's connections.
    var limits: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxConnections = maxConnections
        limits.maxConnectionsPerPeer = maxConnectionsPerPeer
        limits.idleTimeout = TimeAmount(idleTimeout)
        return limits
    }
}
