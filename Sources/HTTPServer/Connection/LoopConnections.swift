// SPDX-License-Identifier: Apache-2.0

import HeapModule
import NIOCore

/// The connections of one listener on one event loop. Touched on that loop only.
final class LoopConnections {
    /// How often deadlines are looked at, and so by how much they may be late.
    private static let tick = TimeAmount.milliseconds(250)

    let eventLoop: any EventLoop
    var encoder = ResponseEncoder()
    private var all: [ConnectionHandler] = []
    /// Every connection with a time at or before which it became idle. A time that is found to be later is put right only then,
    /// so nothing needs to be done here for a request.
    private var byAge = Heap<Age>()
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
        byAge.insert(Age(connection: connection, since: .now()))
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
    /// that has been half-sent for the longest time.
    /// - Parameter protectedTime: a half-sent one is closed only if it is older than this
    /// - Returns: false where there is none
    func makeRoom(protectedTime: TimeAmount) -> Bool {
        if evictLongestIdle() { return true }
        guard let oldest = popLongestHolder(before: .now() - protectedTime) else { return false }
        oldest.close()
        return true
    }

    /// How many busy connections are looked at for one that is idle.
    private static let maxBusySeen = 64

    /// Closes the connection that has been idle for the longest time.
    /// - Returns: false where none was found
    func evictLongestIdle() -> Bool {
        var busy: [Age] = []
        defer { byAge.insert(contentsOf: busy) }
        while busy.count < Self.maxBusySeen, let oldest = byAge.popMin() {
            guard oldest.connection.index >= 0 else { continue }
            guard let since = oldest.connection.idleSince else {
                // It cannot have been idle before now: the others come first next time.
                busy.append(Age(connection: oldest.connection, since: .now()))
                continue
            }
            guard since <= oldest.since else {
                byAge.insert(Age(connection: oldest.connection, since: since))
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
            byAge = Heap()
            holders.removeAll()
            return
        }
        // Connections that have closed, or hold nothing any more, are forgotten from time to time.
        if byAge.count > 2 * all.count + 64 { byAge = Heap(byAge.unordered.filter { $0.connection.index >= 0 }) }
        if holders.count > 2 * all.count + 64 { holders.removeAll { !$0.connection.holds(since: $0.turn) } }
        let now = NIODeadline.now()
        // Closing moves the last one to the place of the closed one.
        for place in all.indices.reversed() where place < all.count { all[place].tick(at: now) }
    }
}

/// A connection and a time at or before which it became idle.
private struct Age: Comparable {
    let connection: ConnectionHandler
    let since: NIODeadline

    static func < (left: Age, right: Age) -> Bool { left.since < right.since }

    static func == (left: Age, right: Age) -> Bool { left.connection === right.connection && left.since == right.since }
}
