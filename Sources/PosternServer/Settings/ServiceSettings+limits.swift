// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import RuleFiles

extension ServiceSettings {
    /// What the connections of the public listener may take.
    var limits: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxConnections = maxConnections
        limits.maxConnectionsPerPeer = maxConnectionsPerPeer
        limits.idleTimeout = TimeAmount(idleTimeout)
        return limits
    }
}
