// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tells the service manager that started this process, such as systemd, what the process does: that it is ready, reads its files
/// again or stops, what it serves, and that it is alive.
///
/// A message is never waited for. One that could not be sent is sent later, in its order, unless too many have followed.
package final class ServiceNotifier: Service, CustomStringConvertible {
    /// What the manager is told about.
    struct Subject: Sendable {
        /// What the process serves, on one line, for `systemctl status`.
        let status: @Sendable () -> String
        /// Whether the process works: requests are answered and all event loops turn. May never be answered.
        let isAlive: @Sendable () -> EventLoopFuture<Bool>
        /// Whether all event loops turn, for when the public listener is closed.
        let loopsTurn: @Sendable () -> EventLoopFuture<Bool>
    }

    private enum Phase {
        case starting, serving, stopping
    }

    private struct State {
        var phase = Phase.starting
        var listenersToOpen: Int
        /// Whether READY=1 is owed for a RELOADING=1.
        var isReloading = false
        /// Messages that could not be sent yet.
        var unsent: [String] = []
        var lastStatus = ""
        /// When the process is looked at next.
        var nextCheck: Duration?
        var isChecking = false
    }

    /// The most messages that wait. Any more take the place of the oldest.
    private static let maximumUnsent = 16
    /// How often unsent messages are sent again, and the status is compared.
    private static let tick = Duration.seconds(1)
    /// So many checks are made in the time after which the manager takes the process for dead: one that fails because the machine
    /// is busy does not matter.
    private static let checksPerTimeout = 6

    private let socket: NotifySocket
    /// How often the process is looked at; nil if the manager does not ask for it.
    private let checkInterval: Duration?
    private let uptime: @Sendable () -> Duration
    private let monotonicMicroseconds: @Sendable () -> UInt64
    private let sleep: ReloadService.Sleep
    private let state: Mutex<State>
    private let subject = Mutex<Subject?>(nil)

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    package let description = "service notifier"

    /// The variables by which a manager asks to be told. No other process may have them: what it says would count for this one.
    package static let variables: Set = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// - Parameters:
    ///   - environment: the process's environment; without `NOTIFY_SOCKET` the result is nil
    ///   - listeners: the number of listeners that have to be open before the process is ready
    ///   - monotonicMicroseconds: the time of `CLOCK_MONOTONIC`, with which systemd compares
    init?(
        environment: [String: String], listeners: Int, processID: Int32,
        uptime: @escaping @Sendable () -> Duration,
        monotonicMicroseconds: @escaping @Sendable () -> UInt64,
        sleep: @escaping ReloadService.Sleep
    ) throws(SetupError) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        socket = try NotifySocket(name)
        let isOwn = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let timeout = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 && isOwn ? $0 : nil }
        checkInterval = timeout.map { .microseconds($0) / Self.checksPerTimeout }
        self.uptime = uptime
        self.monotonicMicroseconds = monotonicMicroseconds
        self.sleep = sleep
        state = Mutex(State(listenersToOpen: listeners))
    }

    /// Returns nil if no manager wants to be told. A manager that cannot be told is logged.
    package static func make(environment: [String: String], logger: Logger) -> ServiceNotifier? {
        do throws(SetupError) {
            return try ServiceNotifier(
                environment: environment, listeners: 2, processID: getpid(), uptime: ServiceClock.system.uptime,
                monotonicMicroseconds: {
                    var time = timespec()
                    clock_gettime(CLOCK_MONOTONIC, &time)
                    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
                },
                sleep: { try? await Task.sleep(for: $0) })
        } catch {
            logger.warning("the service manager cannot be told when the service is ready", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// Call before the listeners open.
    func watch(_ subject: Subject) {
        self.subject.withLock { $0 = subject }
    }

    // MARK: What happens

    /// A listener is open. After the last one the process is ready.
    func listenerOpened() {
        state.withLock { state in
            state.listenersToOpen -= 1
            guard state.listenersToOpen == 0, state.phase == .starting else { return }
            state.phase = .serving
            state.nextCheck = checkInterval.map { _ in uptime() }
            send("READY=1\n" + statusLine(&state), &state)
        }
    }

    /// All files are asked to be read again.
    package func reloadRequested() {
        state.withLock { state in
            guard state.phase == .serving else { return }
            state.isReloading = true
            send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())", &state)
        }
    }

    /// All files that were asked to be read have been.
    package func reloadEnded() {
        state.withLock { state in
            guard state.phase == .serving, state.isReloading else { return }
            state.isReloading = false
            send("READY=1\n" + statusLine(&state), &state)
        }
    }

    /// The process stops.
    /// - Parameter timeout: within this time; a manager that would wait less is asked to wait so long
    func stopping(within timeout: Duration) {
        state.withLock { state in
            guard state.phase != .stopping else { return }
            state.phase = .stopping
            let microseconds = Int64(timeout / .microseconds(1))
            send("STOPPING=1\nEXTEND_TIMEOUT_USEC=\(microseconds)\nSTATUS=Stopping", &state)
        }
    }

    // MARK: While it runs

    package func run() async throws {
        let interval = min(Self.tick, checkInterval ?? Self.tick)
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await sleep(interval)
                tick()
            }
        }
    }

    /// Sends what could not be sent before, the status if it has changed, and, if it is time and the process works, that it lives.
    func tick() {
        let isDue = state.withLock { state in
            flush(&state)
            if state.phase == .serving {
                let line = statusLine(&state)
                if !line.isEmpty { send(line, &state) }
            }
            guard let checkInterval, let next = state.nextCheck, uptime() >= next, !state.isChecking else { return false }
            state.nextCheck = uptime() + checkInterval
            state.isChecking = true
            return true
        }
        guard isDue, let subject = subject.withLock({ $0 }) else { return }
        let isServing = state.withLock { $0.phase == .serving }
        (isServing ? subject.isAlive() : subject.loopsTurn()).whenComplete { [weak self] result in
            self?.checked(isAlive: (try? result.get()) ?? false)
        }
    }

    private func checked(isAlive: Bool) {
        state.withLock { state in
            state.isChecking = false
            // Not kept: a later one says more.
            if isAlive, state.unsent.isEmpty { _ = socket.send("WATCHDOG=1") }
        }
    }

    /// Returns `STATUS=…`, or an empty string if it is the last one sent.
    private func statusLine(_ state: inout State) -> String {
        guard let status = subject.withLock({ $0 })?.status(), status != state.lastStatus else { return "" }
        state.lastStatus = status
        return "STATUS=\(status)"
    }

    private func send(_ message: String, _ state: inout State) {
        if state.unsent.count == Self.maximumUnsent { state.unsent.removeFirst() }
        state.unsent.append(message)
        flush(&state)
    }

    private func flush(_ state: inout State) {
        let sent = state.unsent.prefix(while: { socket.send($0) }).count
        state.unsent.removeFirst(sent)
    }
}

extension ServiceNotifier.Subject {
    /// - Parameters:
    ///   - probe: of the public listener
    ///   - group: the loops of all listeners
    init(
        probe: HealthProbe, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        status: @escaping @Sendable () -> String
    ) {
        self.init(
            status: status,
            isAlive: { Self.loopsTurn(group).flatMap { probe.checkPublicPort(on: group.next()) } },
            loopsTurn: { Self.loopsTurn(group).map { true } })
    }

    /// Succeeds when each loop has done a task.
    private static func loopsTurn(_ group: any EventLoopGroup) -> EventLoopFuture<Void> {
        EventLoopFuture.andAllSucceed(group.makeIterator().map { $0.submit {} }, on: group.next())
    }
}
