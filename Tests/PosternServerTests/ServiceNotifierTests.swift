// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOCore
import NIOPosix
import PosternTestSupport
import RuleFiles
import Synchronization
import Testing

@testable import PosternServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct ServiceNotifierTests {
    /// A service manager's socket.
    private final class Manager {
        let descriptor: Int32
        let name: String

        /// - Parameter name: a path, or `@` and a name
        init(_ name: String) throws {
            self.name = name
            #if canImport(Darwin)
                descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
            #else
                descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            #endif
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = name.hasPrefix("@") ? [0] + name.utf8.dropFirst() : name.utf8 + [0]
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
            let result = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(result == 0, "bind: \(errno)")
        }

        deinit { close(descriptor) }

        /// The messages that have arrived.
        func messages() -> [String] {
            var found: [String] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { return found }
                found.append(String(decoding: buffer.prefix(count), as: UTF8.self))
            }
        }
    }

    private let folder: TemporaryFolder
    private let clock = TestClock()
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    init() throws {
        folder = try TemporaryFolder()
    }

    private func manager() throws -> Manager { try Manager("\(folder.path)/notify") }

    private func notifier(
        _ name: String, listeners: Int = 1, _ more: [String: String] = [:]
    ) throws -> ServiceNotifier? {
        let clock = clock
        return try ServiceNotifier(
            environment: ["NOTIFY_SOCKET": name].merging(more) { $1 }, listeners: listeners, processID: 77,
            uptime: { clock.uptime }, monotonicMicroseconds: { 123_456_789 }, sleep: { _ in })
    }

    @Test(arguments: ["@postern-notifier-test-\(UUID().uuidString)", nil])
    func `a manager is told when the last listener is open, of reloads and of the stop`(_ abstract: String?) throws {
        let manager = try abstract.map { try Manager($0) } ?? manager()
        let notifier = try #require(try notifier(manager.name, listeners: 2))
        let loop = loop
        notifier.watch(
            .init(
                status: { "Serving 2 tenants" }, isAlive: { loop.makeSucceededFuture(true) },
                loopsTurn: { loop.makeSucceededFuture(true) }))
        notifier.listenerOpened()
        notifier.reloadRequested()
        notifier.reloadEnded()
        #expect(manager.messages().isEmpty, "not ready yet")
        notifier.listenerOpened()
        #expect(manager.messages() == ["READY=1\nSTATUS=Serving 2 tenants"])
        notifier.reloadEnded()
        #expect(manager.messages().isEmpty, "no reload was asked for")
        notifier.reloadRequested()
        #expect(manager.messages() == ["RELOADING=1\nMONOTONIC_USEC=123456789"])
        notifier.reloadEnded()
        notifier.reloadEnded()
        #expect(manager.messages() == ["READY=1\n"])
        notifier.stopping(within: .seconds(35))
        notifier.stopping(within: .seconds(35))
        notifier.reloadRequested()
        notifier.tick()
        #expect(manager.messages() == ["STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=Stopping"])
    }

    @Test func `a changed status is sent once`() throws {
        let (manager, loop) = (try manager(), loop)
        let notifier = try #require(try notifier(manager.name))
        let tenants = Mutex(1)
        notifier.watch(
            .init(
                status: { "\(tenants.withLock { $0 })" }, isAlive: { loop.makeSucceededFuture(true) },
                loopsTurn: { loop.makeSucceededFuture(true) }))
        notifier.tick()
        notifier.listenerOpened()
        notifier.tick()
        tenants.withLock { $0 = 2 }
        notifier.tick()
        notifier.tick()
        // Nobody has asked for signs of life.
        clock.advance(by: .seconds(1000))
        notifier.tick()
        #expect(manager.messages() == ["READY=1\nSTATUS=1", "STATUS=2"])
    }

    @Test func `a manager that reads slowly gets the messages later, in order, and the oldest of too many are dropped`() throws {
        let manager = try manager()
        // A sender has a queue of its own: the manager's is full when a new sender cannot send at all.
        func fill() throws -> Int {
            var count = 0
            while true {
                let sender = try NotifySocket(manager.name)
                var sent = 0
                while sender.send("x") { sent += 1 }
                if sent == 0 { return count }
                count += sent
            }
        }
        let count = try fill()
        let notifier = try #require(try notifier(manager.name))
        notifier.listenerOpened()
        for _ in 0..<3 {
            notifier.reloadRequested()
            notifier.reloadEnded()
        }
        #expect(manager.messages() == Array(repeating: "x", count: count))
        notifier.tick()
        let reload = ["RELOADING=1\nMONOTONIC_USEC=123456789", "READY=1\n"]
        #expect(manager.messages() == ["READY=1\n"] + reload + reload + reload)

        _ = try fill()
        for _ in 0..<1000 {
            notifier.reloadRequested()
            notifier.reloadEnded()
        }
        notifier.stopping(within: .seconds(1))
        _ = manager.messages()
        var kept: [String] = []
        // A queue of datagrams may be shorter than what waits.
        for _ in 0..<20 {
            notifier.tick()
            kept += manager.messages()
        }
        #expect(kept.count == 16 && kept.last?.hasPrefix("STOPPING=1\n") == true && kept.dropLast().last == "READY=1\n")
    }

    @Test func `a manager that is gone changes nothing, and one that comes back is told`() throws {
        var manager: Manager? = try manager()
        let name = try #require(manager?.name)
        let notifier = try #require(try notifier(name))
        manager = nil
        notifier.listenerOpened()
        try FileManager.default.removeItem(atPath: name)
        notifier.tick()
        let next = try Manager(name)
        notifier.tick()
        #expect(next.messages() == ["READY=1\n"])
    }

    // MARK: Signs of life

    @Test func `a sign of life is sent six times in the manager's time, while checks succeed`() async throws {
        let (manager, loop) = (try manager(), loop)
        let notifier = try #require(try notifier(manager.name, ["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "77"]))
        let checks = Mutex<[EventLoopPromise<Bool>]>([])
        let turns = Mutex(0)
        notifier.watch(
            .init(
                status: { "" },
                isAlive: {
                    let promise = loop.makePromise(of: Bool.self)
                    checks.withLock { $0.append(promise) }
                    return promise.futureResult
                },
                loopsTurn: {
                    turns.withLock { $0 += 1 }
                    return loop.makeSucceededFuture(true)
                }))
        // What a check brings about has been sent when its loop has done another task.
        func finish(_ isAlive: Bool?) async throws {
            let promise = try #require(checks.withLock { $0.isEmpty ? nil : $0.removeFirst() })
            if let isAlive { promise.succeed(isAlive) } else { promise.fail(ChannelError.eof) }
            try await loop.submit {}.get()
        }
        notifier.tick()
        #expect(checks.withLock(\.count) == 0, "not ready yet")
        notifier.listenerOpened()
        notifier.tick()
        try await finish(true)
        #expect(manager.messages() == ["READY=1\n", "WATCHDOG=1"])
        clock.advance(by: .seconds(9))
        notifier.tick()
        #expect(checks.withLock(\.count) == 0)
        clock.advance(by: .seconds(1))
        for result in [true, false, nil] {
            notifier.tick()
            notifier.tick()
            try await finish(result)
            #expect(manager.messages() == (result == true ? ["WATCHDOG=1"] : []))
            clock.advance(by: .seconds(10))
        }
        // A check that does not end is not begun again.
        for _ in 0..<20 {
            notifier.tick()
            clock.advance(by: .seconds(10))
        }
        #expect(checks.withLock(\.count) == 1 && manager.messages().isEmpty)
        try await finish(true)
        #expect(manager.messages() == ["WATCHDOG=1"])
        // While the process stops, its public listener is closed.
        notifier.stopping(within: .seconds(1))
        _ = manager.messages()
        clock.advance(by: .seconds(10))
        notifier.tick()
        try await loop.submit {}.get()
        #expect(turns.withLock { $0 } == 1 && manager.messages() == ["WATCHDOG=1"])
    }

    @Test(arguments: [
        ["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "78"], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-1"],
        ["WATCHDOG_USEC": "x"], ["WATCHDOG_USEC": ""],
    ])
    func `no signs of life are sent where the manager does not ask this process for them`(_ more: [String: String]) throws {
        let (manager, loop) = (try manager(), loop)
        let notifier = try #require(try notifier(manager.name, more))
        let checks = Mutex(0)
        notifier.watch(
            .init(
                status: { "" },
                isAlive: {
                    checks.withLock { $0 += 1 }
                    return loop.makeSucceededFuture(true)
                }, loopsTurn: { loop.makeSucceededFuture(true) }))
        notifier.listenerOpened()
        clock.advance(by: .seconds(1000))
        notifier.tick()
        #expect(checks.withLock { $0 } == 0)
    }

    @Test func `the process is alive when its loops turn and its public port responds`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        // Nothing listens there any more.
        let closed = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(closed.localAddress?.port)
        try await closed.close()
        let probe = HealthProbe(address: .init(host: "127.0.0.1", port: port), usesTLS: false)
        let subject = ServiceNotifier.Subject(probe: probe, group: group, status: { "" })
        #expect(try await !subject.isAlive().get())
        #expect(try await subject.loopsTurn().get())
        // One of the loops stands still, each in turn.
        let listener = HTTPListener(host: "127.0.0.1", port: 0, limits: ConnectionLimits(), responder: Healthy())
        let healthy = HealthProbe(address: .init(host: "127.0.0.1", port: try await listener.start()), usesTLS: false)
        let serving = ServiceNotifier.Subject(probe: healthy, group: group, status: { "" })
        #expect(try await serving.isAlive().get())
        for stuck in group.makeIterator() {
            let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            stuck.execute {
                began.signal()
                goOn.wait()
            }
            try await onOwnThread { began.wait() }
            let answers = Mutex(0)
            // Each may be on either loop.
            let futures = (0..<2).map { _ in serving.loopsTurn() } + (0..<4).map { _ in serving.isAlive() }
            for future in futures { future.whenComplete { _ in answers.withLock { $0 += 1 } } }
            let other = try #require(group.makeIterator().first { $0 !== stuck })
            for _ in 0..<10 { #expect(try await healthy.checkPublicPort(on: other).get()) }
            #expect(answers.withLock { $0 } == 0)
            goOn.signal()
            for future in futures { #expect(try await future.get()) }
        }
        try await listener.stop()
        try await group.shutdownGracefully()
    }

    private struct Healthy: Responder {
        func endpoint(for head: RequestHead) -> Endpoint {
            Endpoint(.whole(maxBytes: 0) { _ in .now(Response(status: 200)) })
        }

        func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
            Response(status: 503)
        }
    }

    @Test func `a sign of life does not come before what could not be sent`() async throws {
        var manager: Manager? = try manager()
        let name = try #require(manager?.name)
        let notifier = try #require(try notifier(name, ["WATCHDOG_USEC": "60000000"]))
        let check = loop.makePromise(of: Bool.self)
        notifier.watch(
            .init(status: { "" }, isAlive: { check.futureResult }, loopsTurn: { check.futureResult }))
        notifier.listenerOpened()
        manager = nil
        try FileManager.default.removeItem(atPath: name)
        notifier.reloadRequested()
        notifier.tick()
        let next = try Manager(name)
        check.succeed(true)
        try await loop.submit {}.get()
        #expect(next.messages().isEmpty)
        notifier.tick()
        #expect(next.messages() == ["RELOADING=1\nMONOTONIC_USEC=123456789"])
    }

    @Test(arguments: [(nil, 1000), ("60000000", 1000), ("3000000", 500)] as [(String?, Int)])
    func `it looks once a second, or as often as signs of life are due`(_ timeout: String?, _ milliseconds: Int) async throws {
        let manager = try manager()
        let (pauses, naps) = AsyncStream<Duration>.makeStream()
        var environment = ["NOTIFY_SOCKET": manager.name]
        environment["WATCHDOG_USEC"] = timeout
        let clock = clock
        let notifier = try #require(
            try ServiceNotifier(
                environment: environment, listeners: 1, processID: 77, uptime: { clock.uptime },
                monotonicMicroseconds: { 0 },
                sleep: { duration in
                    naps.yield(duration)
                    await Task.yield()
                }))
        let task = Task { try await notifier.run() }
        for await pause in pauses {
            #expect(pause == .milliseconds(milliseconds))
            break
        }
        task.cancel()
        try await task.value
    }

    // MARK: Who is told

    @Test func `without a manager there is no notifier`() throws {
        #expect(ServiceNotifier.make(environment: ["WATCHDOG_USEC": "1000000"], logger: LogRecorder().logger()) == nil)
        #expect(ServiceNotifier.make(environment: ["NOTIFY_SOCKET": ""], logger: LogRecorder().logger()) == nil)
    }

    @Test(arguments: ["run/notify", "vsock:2:1234", "/", "@", "/" + String(repeating: "n", count: 107), "/a\u{0}b"])
    func `an address that cannot be used is logged`(_ name: String) throws {
        let log = LogRecorder()
        #expect(ServiceNotifier.make(environment: ["NOTIFY_SOCKET": name], logger: log.logger()) == nil)
        #expect(log.lines.count == 1 && log.text.contains("NOTIFY_SOCKET is neither"))
    }

    @Test func `the longest address can be used`() {
        for name in ["/" + String(repeating: "n", count: 106), "@" + String(repeating: "n", count: 107)] {
            #expect((try? NotifySocket(name)) != nil)
        }
    }
}
