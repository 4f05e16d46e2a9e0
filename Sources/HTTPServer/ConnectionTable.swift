// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts the connections of a listener, and the memory that they hold.
package final class ConnectionTable: Sendable {
    package struct Figures: Sendable, Equatable {
        /// Open connections, except those whose requests are refused.
        package var open = 0
        /// Connections accepted since the start, including refused ones.
        package var accepted = 0
        /// Connections refused because there were too many, in total or from one peer.
        package var refused = 0
        /// Connections closed to make room for new ones.
        package var evicted = 0
        /// The memory of requests not yet answered and of responses not yet sent.
        package var heldBytes = 0
    }

    enum Admission: Equatable {
        case admitted
        /// Admitted only if another connection is closed.
        case full
        case tooManyFromPeer
    }

    /// The maximum number of connections kept open only to refuse their requests; further ones are closed without a response.
    private static let maxRefused = 32

    private struct State {
        var figures = Figures()
        var perPeer: [UInt64: Int] = [:]
        var refusedOpen = 0
    }

    private let limits: ConnectionLimits
    /// Addresses of proxies, to which the limit per peer does not apply.
    private let isExempt: @Sendable (String) -> Bool
    private let state = Mutex(State())
    private let held = Atomic(0)
    /// The peak of ``estimatedBytes`` since ``takePeakBytes()``.
    private let peakBytes = Atomic(0)
    private let openConnections = Atomic(0)

    /// The estimated memory of an idle connection.
    private let bytesPerConnection: Int

    init(limits: ConnectionLimits, usesTLS: Bool = false, isExempt: @escaping @Sendable (String) -> Bool) {
        self.limits = limits
        bytesPerConnection = usesTLS ? 30_000 : 7000
        self.isExempt = isExempt
    }

    package var figures: Figures {
        var figures = state.withLock { $0.figures }
        figures.heldBytes = heldBytes
        return figures
    }

    /// The maximum number of open connections.
    package var limit: Int { limits.maxConnections }

    /// Whether a new connection is admitted only if another one is closed.
    package var isFull: Bool { state.withLock { $0.figures.open } >= limits.maxConnections }

    /// Counts a new connection if it is admitted.
    /// - Parameter inPlaceOfAnother: whether another connection was just closed to make room for this one, which is then
    ///   admitted even if a third has since taken that place
    func admit(_ peer: PeerAddress?, inPlaceOfAnother: Bool = false) -> Admission {
        let isCounted = peer.map { !isExempt($0.description) } ?? false
        let admission = state.withLock { state -> Admission in
            if isCounted, let peer, state.perPeer[peer.counted, default: 0] >= limits.connectionsPerPeer {
                return .tooManyFromPeer
            }
            guard inPlaceOfAnother || state.figures.open < limits.maxConnections else { return .full }
            state.figures.open += 1
            state.figures.accepted += 1
            if let peer { state.perPeer[peer.counted, default: 0] += 1 }
            return .admitted
        }
        if admission == .admitted {
            openConnections.add(1, ordering: .relaxed)
            notePeak()
        }
        return admission
    }

    /// The estimated memory of all connections, in bytes.
    package var estimatedBytes: Int {
        openConnections.load(ordering: .relaxed) * bytesPerConnection + heldBytes
    }

    /// The peak of ``estimatedBytes`` since the last call.
    package func takePeakBytes() -> Int {
        peakBytes.exchange(estimatedBytes, ordering: .relaxed)
    }

    private func notePeak() {
        let bytes = estimatedBytes
        // Two threads may store similar peaks at once, and lose the higher one.
        if bytes > peakBytes.load(ordering: .relaxed) { peakBytes.store(bytes, ordering: .relaxed) }
    }

    /// Counts a connection that was closed to make room.
    func countEviction() {
        state.withLock { $0.figures.evicted += 1 }
    }

    /// Counts a connection that is not admitted.
    /// - Returns: false if it should be closed without a response
    func refuse() -> Bool {
        state.withLock { state in
            state.figures.accepted += 1
            state.figures.refused += 1
            guard state.refusedOpen < Self.maxRefused else { return false }
            state.refusedOpen += 1
            return true
        }
    }

    /// Removes a connection from the counts.
    func remove(peer: PeerAddress?, wasRefused: Bool) {
        if !wasRefused { openConnections.subtract(1, ordering: .relaxed) }
        state.withLock { state in
            guard !wasRefused else {
                state.refusedOpen -= 1
                return
            }
            state.figures.open -= 1
            guard let peer, let count = state.perPeer[peer.counted] else { return }
            state.perPeer[peer.counted] = count > 1 ? count - 1 : nil
        }
    }

    /// The memory of requests not yet answered and of responses not yet sent.
    var heldBytes: Int { held.load(ordering: .relaxed) }

    /// Changes ``heldBytes``.
    /// - Returns: the new value
    @discardableResult
    func addHeldBytes(_ change: Int) -> Int {
        let bytes = held.add(change, ordering: .relaxed).newValue
        if change > 0 { notePeak() }
        return bytes
    }
}
