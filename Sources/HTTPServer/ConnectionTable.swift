// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the connections of a listener take in all.
package final class ConnectionTable: Sendable {
    /// The figures at a moment.
    package struct Figures: Sendable, Equatable {
        /// Connections that are open, without those that will be refused.
        package var open = 0
        /// Connections accepted since the start, refused ones among them.
        package var accepted = 0
        /// Connections refused because there were too many, in all or from one peer.
        package var refused = 0
        /// Idle connections that were closed to make room.
        package var evicted = 0
        /// Bytes that were read and not yet answered, or written and not yet sent.
        package var heldBytes = 0
    }

    enum Admission: Equatable {
        case admitted
        /// Admitted if an idle connection makes room.
        case full
        case tooManyFromPeer
    }

    /// Connections that wait for their refusal; further ones are closed without a response.
    private static let maxRefused = 32

    private struct State {
        var figures = Figures()
        var perPeer: [UInt64: Int] = [:]
        var refusedOpen = 0
    }

    private let limits: ConnectionLimits
    /// Peers that speak for others: not counted one by one.
    private let isExempt: @Sendable (String) -> Bool
    private let state = Mutex(State())
    private let heldBytes = Atomic(0)
    /// The most of ``estimatedBytes`` since it was last asked for.
    private let peakBytes = Atomic(0)
    private let openConnections = Atomic(0)

    /// What a connection takes in memory without a request, about.
    private let bytesPerConnection: Int

    init(limits: ConnectionLimits, usesTLS: Bool = false, isExempt: @escaping @Sendable (String) -> Bool) {
        self.limits = limits
        bytesPerConnection = usesTLS ? 30_000 : 7000
        self.isExempt = isExempt
    }

    package var figures: Figures {
        var figures = state.withLock { $0.figures }
        figures.heldBytes = heldBytes.load(ordering: .relaxed)
        return figures
    }

    /// The most connections at once.
    package var limit: Int { limits.maxConnections }

    /// Whether a new connection is admitted only where an idle one makes room.
    package var isFull: Bool { state.withLock { $0.figures.open } >= limits.maxConnections }

    /// Counts a new connection, where there is room for it.
    /// - Parameter inPlaceOfAnother: one was just closed for it; its place may be taken already, on another event loop
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

    /// What the connections take in memory, about.
    package var estimatedBytes: Int {
        openConnections.load(ordering: .relaxed) * bytesPerConnection + heldBytes.load(ordering: .relaxed)
    }

    /// The most that they took since this was last called.
    package func takePeakBytes() -> Int {
        peakBytes.exchange(estimatedBytes, ordering: .relaxed)
    }

    private func notePeak() {
        let bytes = estimatedBytes
        // Two threads at once may lose the higher of two peaks that are close together.
        if bytes > peakBytes.load(ordering: .relaxed) { peakBytes.store(bytes, ordering: .relaxed) }
    }

    /// Counts a connection for which an idle one was closed.
    func evicted() {
        state.withLock { $0.figures.evicted += 1 }
    }

    /// Counts a connection that will be refused.
    /// - Returns: false where it should be closed at once
    func refuse() -> Bool {
        state.withLock { state in
            state.figures.accepted += 1
            state.figures.refused += 1
            guard state.refusedOpen < Self.maxRefused else { return false }
            state.refusedOpen += 1
            return true
        }
    }

    func closed(peer: PeerAddress?, wasRefused: Bool) {
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

    /// Changes what is held.
    /// - Returns: what is held now, in bytes
    func held(_ change: Int) -> Int {
        let held = heldBytes.add(change, ordering: .relaxed).newValue
        if change > 0 { notePeak() }
        return held
    }
}
