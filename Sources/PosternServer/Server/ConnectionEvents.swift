// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Counts what happens on connections.
struct ConnectionEvents: ConnectionObserver {
    /// Nil for a listener that is not counted.
    let metrics: ServiceMetrics?

    func connectionOpened() { metrics?.connectionOpened() }

    func connectionClosed() { metrics?.connectionClosed() }

    func refused(_ problem: Problem) {
        metrics?.answered(problem.code)
        metrics?.answered(.other, status: problem.code.status, seconds: 0)
    }

    func nextRequestID() -> String { RequestID().description }
}
