// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The connections of one listener on one event loop. Touched on that loop only.
final class LoopConnections {
    /// How often deadlines are looked at, and so by how much they may be late.
    private static let tick = TimeAmount.milliseconds(250)

    let eventLoop: any EventLoop
    var encoder = ResponseEncoder()
    private var all: [ConnectionHandler] = []
    /// Every connection with a time at or before which it became idle, the earliest first. What is found to be newer goes to
    /// the end, so nothing needs to be done here for a request.
    private var byAge = CircularBuffer<(connection: ConnectionHandler, since: NIODeadline)>()
    /// Connections in the order in which they began to hold memory; those that hold none any more, or anew, are passed over.
    private var holders = CircularBuffer<(connection: ConnectionHandler, turn: Int, since: NIODeadline)>()
    private var ticks: RepeatedTask?
    private var isDraining = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ connection: ConnectionHandler) {
        connection.index = all.count
        all.append(connection)
        if byAge.count > 2 * all.count + 64 { byAge.removeAll { $0.connection.index < 0 } }
        byAge.append((connection, .now()))
        if isDraining { connection.drain(at: .now()) }
        startTicking()
    }

    func remove(_ connection: ConnectionHandler) {
        let place = connection.index
        guard place >= 0 else { return }
        connection.index = -1
        let last = all.removeLast()
        guard last !== connection else { return }
        all[place] = last
        last.index = place
    }

    /// Closes a connection, so that there is room for another: the one that has been idle for the longest time, or else the one
    /// that has been half-sent for the longest time, unless that is new itself.
    /// - Returns: false where there is none
    func makeRoom() -> Bool {
        if evictLongestIdle() { return true }
        guard let oldest = popLongestHolder(before: .now() - Self.timeToSend) else { return false }
        oldest.close()
        return true
    }

    /// A request that has been under way for so long may have to make room.
    private static let timeToSend = TimeAmount.seconds(1)

    func evictLongestIdle() -> Bool {
        // Twice, for all may have been used since they came here.
        for _ in 0..<(2 * byAge.count) {
            guard let oldest = byAge.popFirst() else { return false }
            guard oldest.connection.index >= 0 else { continue }
            guard let since = oldest.connection.idleSince else {
                byAge.append((oldest.connection, .now()))
                continue
            }
            guard since <= oldest.since else {
                byAge.append((oldest.connection, since))
                continue
            }
            oldest.connection.evict()
            return true
        }
        return false
    }

    /// A connection begins to hold memory.
    /// - Parameter turn: which of its times that is
    func beginsToHold(_ connection: ConnectionHandler, turn: Int) {
        if holders.count > 2 * all.count + 64 { holders.removeAll { !$0.connection.holds(since: $0.turn) } }
        holders.append((connection, turn, .now()))
    }

    /// The connection that has held memory for the longest time: what is under way for long is rather an attack than what has
    /// just begun.
    /// - Parameter instant: only one that has held some since before it
    func popLongestHolder(before instant: NIODeadline = .distantFuture) -> ConnectionHandler? {
        while let oldest = holders.first, oldest.since < instant {
            holders.removeFirst()
            if oldest.connection.holds(since: oldest.turn) { return oldest.connection }
        }
        return nil
    }

    /// The service stops.
    func drain() {
        isDraining = true
        let now = NIODeadline.now()
        for connection in all { connection.drain(at: now) }
    }

    private func startTicking() {
        guard ticks == nil else { return }
        let loop = NIOLoopBound(self, eventLoop: eventLoop)
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in loop.value.tickAll() }
    }

    private func tickAll() {
        if all.isEmpty {
            ticks?.cancel()
            ticks = nil
            byAge.removeAll()
            holders.removeAll()
            return
        }
        let now = NIODeadline.now()
        // Closing moves the last one to the place of the closed one.
        for place in all.indices.reversed() where place < all.count { all[place].tick(at: now) }
    }
}
