// SPDX-License-Identifier: Apache-2.0

import HeapModule
import NIOCore

/// The connections of one listener on one event loop. Used on that loop only.
final class LoopConnections {
    /// The interval at which deadlines are checked, and so the longest delay of an action.
    private static let tickInterval = TimeAmount.milliseconds(250)

    let eventLoop: any EventLoop
    var encoder = ResponseEncoder()
    private var all: [ConnectionHandler] = []
    /// Every connection with the earliest time at which it may have become idle. The time is corrected when the entry is read,
    /// so that requests need not update it.
    private var idleQueue = Heap<IdleEntry>()
    /// Connections in the order in which they began to hold memory. Entries whose period has ended are skipped.
    private var holders = CircularBuffer<(connection: ConnectionHandler, period: Int, since: NIODeadline)>()
    private var ticks: RepeatedTask?
    private var isDraining = false
    private var isClosing = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ connection: ConnectionHandler) {
        connection.index = all.count
        all.append(connection)
        idleQueue.insert(IdleEntry(connection: connection, since: .now()))
        if isDraining { connection.drain(at: .now()) }
        startTicking()
        if isClosing { connection.close() }
    }

    func remove(_ connection: ConnectionHandler) {
        let index = connection.index
        guard index >= 0 else { return }
        connection.index = -1
        let last = all.removeLast()
        guard last !== connection else { return }
        all[index] = last
        last.index = index
    }

    /// Closes one connection to make room for another: the one that has been idle for the longest time, or else the one that has
    /// held memory for the longest time.
    /// - Parameter protectedTime: how long a connection may hold memory before it can be closed
    /// - Returns: false if there is none to close
    func makeRoom(protectedTime: TimeAmount) -> Bool {
        if evictLongestIdle() { return true }
        guard let oldest = popLongestHolder(before: .now() - protectedTime) else { return false }
        oldest.close()
        return true
    }

    /// How many busy connections are examined to find an idle one.
    private static let maxBusyExamined = 64

    /// Closes the connection that has been idle for the longest time.
    /// - Returns: false if none was found
    func evictLongestIdle() -> Bool {
        var busy: [IdleEntry] = []
        defer { idleQueue.insert(contentsOf: busy) }
        while busy.count < Self.maxBusyExamined, let oldest = idleQueue.popMin() {
            guard oldest.connection.index >= 0 else { continue }
            guard let since = oldest.connection.idleSince else {
                // It cannot become idle before now, so the others come first next time.
                busy.append(IdleEntry(connection: oldest.connection, since: .now()))
                continue
            }
            guard since <= oldest.since else {
                idleQueue.insert(IdleEntry(connection: oldest.connection, since: since))
                continue
            }
            oldest.connection.closeIfIdle()
            return true
        }
        return false
    }

    // MARK: Memory

    /// Records that a connection has begun to hold memory.
    /// - Parameter period: the number of its ``ConnectionMemory/period``
    func beginsToHold(_ connection: ConnectionHandler, period: Int) {
        holders.append((connection, period, .now()))
    }

    /// Makes connections release memory until all connections of the listener are within its budget. The one that has held
    /// memory for the longest time comes first: a slow request is more likely an attack than a new one.
    /// - Returns: false if `connection` itself is next, in which case the caller must release its memory
    func enforceBudget(of listener: ListenerContext, for connection: ConnectionHandler) -> Bool {
        while listener.table.heldBytes > listener.limits.maxHeldBytes {
            guard let oldest = popLongestHolder(), oldest !== connection else { return false }
            oldest.releaseMemory()
        }
        return true
    }

    /// Removes and returns the connection that has held memory for the longest time.
    /// - Parameter time: only connections that have held memory since before this time are considered
    func popLongestHolder(before time: NIODeadline = .distantFuture) -> ConnectionHandler? {
        while let oldest = holders.first, oldest.since < time {
            holders.removeFirst()
            if oldest.connection.holdsMemory(since: oldest.period) { return oldest.connection }
        }
        return nil
    }

    // MARK: Time

    /// Starts draining all connections, because the service is stopping.
    func drain() {
        isDraining = true
        let now = NIODeadline.now()
        for connection in all { connection.drain(at: now) }
    }

    /// Closes all connections and aborts their requests, because the service is stopping.
    func closeAll() {
        isClosing = true
        // Closing a connection removes it.
        while let connection = all.last { connection.close() }
    }

    private func startTicking() {
        guard ticks == nil else { return }
        let loop = NIOLoopBound(self, eventLoop: eventLoop)
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { _ in
            loop.value.tickAll()
        }
    }

    private func tickAll() {
        if all.isEmpty {
            ticks?.cancel()
            ticks = nil
            idleQueue = Heap()
            holders.removeAll()
            return
        }
        // Remove entries of closed connections and of ended periods when there are many.
        if idleQueue.count > 2 * all.count + 64 { idleQueue = Heap(idleQueue.unordered.filter { $0.connection.index >= 0 }) }
        if holders.count > 2 * all.count + 64 { holders.removeAll { !$0.connection.holdsMemory(since: $0.period) } }
        let now = NIODeadline.now()
        // Backwards, since closing a connection moves the last one to its index.
        for index in all.indices.reversed() where index < all.count { all[index].tick(at: now) }
    }
}

/// A connection and the earliest time at which it may have become idle.
private struct IdleEntry: Comparable {
    let connection: ConnectionHandler
    let since: NIODeadline

    static func < (left: IdleEntry, right: IdleEntry) -> Bool { left.since < right.since }

    static func == (left: IdleEntry, right: IdleEntry) -> Bool {
        left.connection === right.connection && left.since == right.since
    }
}
