// SPDX-License-Identifier: Apache-2.0

/// What the connections tell the rest of the service. Called on event loops: must not block.
protocol ConnectionObserver: Sendable {
    func connectionOpened()
    func connectionClosed()
    /// A request was answered at the gate.
    func refused(_ problem: Problem)
    /// The id for an answer of the gate.
    func nextRequestID() -> String
}
