// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// With sockets, for what only they can show.
struct HTTPListenerTests {
    private let responder = TestResponder()

    /// Listens while `body` runs, and stops.
    private func listening(
        _ limits: ConnectionLimits = ConnectionLimits.patient, _ body: (HTTPListener, Int) async throws -> Void
    ) async throws {
        let listener = HTTPListener(
            host: "127.0.0.1", port: 0, limits: limits, responder: responder,
            now: { Date(timeIntervalSince1970: 784_111_777) })
        let port = try await listener.start()
        do {
            try await body(listener, port)
        } catch {
            Issue.record(error)
        }
        try await listener.stop()
        // `stop()` does not wait for connections that were refused, which hold memory until they are closed.
        let deadline = ContinuousClock.now + .seconds(120)
        while listener.connections.heldBytes > 0, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        var figures = listener.connections.figures
        figures.accepted = 0
        figures.refused = 0
        figures.evicted = 0
        #expect(figures == ConnectionTable.Figures())
    }

    private func get(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    private func plain(_ text: String) -> String { text.replacing(TestConnection.date, with: "") }

    @Test func `requests are answered over a socket`() async throws {
        try await listening { listener, port in
            let client = try SocketClient(port: port)
            try await client.send(get("/a") + get("/soon") + get("/b", "Connection: close\r\n"))
            let expected =
                TestConnection.ok("GET /a ") + TestConnection.ok("soon /soon") + TestConnection.ok("GET /b ", closes: true)
            #expect(plain(try await client.receive()) == expected)
            #expect(listener.connections.figures.accepted == 1)
        }
    }

    /// Far more than a socket takes at once.
    @Test(arguments: ["", "Connection: close\r\n"], [true, false])
    func `a large last response arrives whole`(_ fields: String, _ closesFirst: Bool) async throws {
        try await listening { _, port in
            let size = 16_000_000
            let client = try SocketClient(port: port)
            try await client.send(get("/big?\(size)", fields))
            if closesFirst { client.closeOutput() }
            let beginning = try await client.receive(1000)
            #expect(beginning.hasPrefix("HTTP/1.1 200 OK\r\n"))
            if !closesFirst { client.closeOutput() }
            let body = try #require(beginning.utf8.firstRange(of: "\r\n\r\n".utf8)).upperBound
            let head = beginning.utf8.distance(from: beginning.startIndex, to: body)
            #expect(try await client.drain() == size - (1000 - head))
        }
    }

    /// When the other side closes, NIO reads all that it has sent, whether that is wanted or not.
    @Test(.timeLimit(.minutes(10))) func `requests behind one that waits are bounded`() async throws {
        var limits = ConnectionLimits.patient
        limits.maxHeldBytes = 200_000
        try await listening(limits) { listener, port in
            let client = try SocketClient(port: port)
            try await client.send(get("/later") + String(repeating: get("/a"), count: 3000))
            client.closeOutput()
            // More than one read.
            while responder.heads.count < 2 * limits.maxReadBytes / get("/a").utf8.count { await Task.yield() }
            let head = responder.heads.count
            responder.later[0].succeed(Response(status: 200, body: .bytes(Array("one".utf8))))
            let received = plain(try await client.receive())
            #expect(received.hasPrefix(TestConnection.ok("one") + TestConnection.ok("GET /a ")))
            #expect(received.hasSuffix(TestConnection.response("503 Service Unavailable", "refused -", closes: true)))
            #expect(head < 1000 && responder.heads.count < 1000)
        }
        #expect(responder.rejections == [.outOfMemoryBudget])
    }

    @Test(.timeLimit(.minutes(10))) func `connections of one peer are bounded`() async throws {
        var limits = ConnectionLimits.patient
        limits.maxConnections = 64
        limits.maxConnectionsPerPeer = 2
        try await listening(limits) { listener, port in
            let first = try SocketClient(port: port)
            try await first.send(get("/later"))
            let second = try SocketClient(port: port)
            try await second.send(get("/a"))
            #expect(
                plain(try await second.receive(TestConnection.ok("GET /a ").utf8.count + TestConnection.date.utf8.count))
                    == TestConnection.ok("GET /a "))
            while responder.later.isEmpty { await Task.yield() }
            let third = try SocketClient(port: port)
            try await third.send(get("/b"))
            let refused = TestConnection.response("503 Service Unavailable", "refused -", closes: true)
            #expect(plain(try await third.receive()) == refused)
            let figures = listener.connections.figures
            #expect(figures.open == 2 && figures.accepted == 3 && figures.refused == 1)
            responder.later[0].succeed(Response(status: 200))
        }
        #expect(responder.rejections == [.tooManyConnections])
    }

    @Test(.timeLimit(.minutes(10))) func `stopping waits for the responses that are owed`() async throws {
        let listener = HTTPListener(host: "127.0.0.1", port: 0, limits: ConnectionLimits.patient, responder: responder)
        let port = try await listener.start()
        // Some on every event loop, so that all of them have begun to stop when these have ended.
        let idle = try (0..<2 * System.coreCount).map { _ in try SocketClient(port: port) }
        let busy = try SocketClient(port: port)
        try await busy.send(get("/later"))
        while responder.later.isEmpty { await Task.yield() }
        let stopping = Task { try await listener.stop() }
        for connection in idle { #expect(try await connection.receive() == "") }
        responder.later[0].succeed(Response(status: 200, body: .bytes(Array("one".utf8))))
        let received = try await busy.receive()
        #expect(received.hasSuffix("Connection: close\r\n\r\none"))
        try await stopping.value
        #expect(listener.connections.figures == ConnectionTable.Figures(accepted: 1 + idle.count))
        #expect(throws: SocketClient.Failure.self) { _ = try SocketClient(port: port) }
    }
}

extension ConnectionLimits {
    /// Waits longer than a test may take to go on where hundreds of others have their turn first.
    fileprivate static var patient: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.requestTimeout = .minutes(10)
        limits.idleTimeout = .minutes(10)
        limits.responseTimeout = .minutes(10)
        return limits
    }
}
