// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import PosternTestSupport
import Testing

@testable import HTTPServer

struct ConnectionHandlerFuzzTests {
    /// 1800 connections with up to twelve requests each, in random pieces, with whatever may happen to them.
    @Test(arguments: [21, 22, 23] as [UInt64])
    func `responses are in order whatever happens`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var complete = 0
        for number in 0..<600 {
            let connection = try RandomClient(seed: random.next())
            try connection.live()
            if connection.isComplete { complete += 1 }
            try #require(
                connection.failure == nil,
                "connection \(number) of seed \(seed): \(connection.failure ?? "")\n\(connection.trace.joined(separator: "\n"))")
        }
        #expect(complete > 50)
    }
}

/// A client that sends random requests, and knows which responses it may get.
private final class RandomClient {
    private struct Sent {
        let bytes: String
        /// The body of its response, or the head alone for HEAD.
        let response: String
        var isEarly = false
        var closes = false
    }

    private let server: TestServer
    private let connection: TestConnection
    private var random: SplitMix64
    private let requests: [Sent]
    private var unsent: [UInt8]
    private var resolved = 0
    private var files: [ResponseFile] = []
    private var received = ""
    /// Nothing but requests and responses has happened.
    private var isUndisturbed = true

    /// Everything was sent and could be answered.
    private var isWhole = false

    private(set) var isComplete = false
    private(set) var failure: String?
    private(set) var trace: [String] = []

    init(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var limits = ConnectionLimits()
        if Int.random(in: 0..<4, using: &random) == 0 {
            limits.maxHeldBytes = Int.random(in: 1000...60_000, using: &random)
            isUndisturbed = false
        }
        server = TestServer(limits: limits)
        connection = try server.connect()
        requests = (0..<Int.random(in: 1...12, using: &random)).map { Self.request($0, &random) }
        unsent = Array(requests.map(\.bytes).joined().utf8)
        self.random = random
    }

    private static func request(_ number: Int, _ random: inout SplitMix64) -> Sent {
        let host = "Host: a.example\r\n"
        let body = String(repeating: "b", count: Int.random(in: 1...300, using: &random))
        let length = "Content-Length: \(body.utf8.count)\r\n"
        let chunks = "1\r\nc\r\n\(String(body.utf8.count, radix: 16));x\r\n\(body)\r\n0\r\n\r\n"
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<5: return Sent(bytes: "GET /a?\(number) HTTP/1.1\r\n\(host)\r\n", response: "GET /a?\(number) ")
        case 5..<8:
            return Sent(bytes: "POST /b?\(number) HTTP/1.1\r\n\(host)\(length)\r\n\(body)", response: "POST /b?\(number) \(body)")
        case 8..<11:
            return Sent(
                bytes: "POST /c?\(number) HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(chunks)",
                response: "POST /c?\(number) c\(body)")
        case 11..<14:
            return Sent(
                bytes: "GET /d?\(number) HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                response: "GET /d?\(number) ")
        case 14..<17:
            return Sent(
                bytes: "PUT /stream?\(number) HTTP/1.1\r\n\(host)\(length)\r\n\(body)", response: "/stream?\(number) \(body)")
        case 17..<20:
            return Sent(
                bytes: "PUT /stream?\(number) HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(chunks)",
                response: "/stream?\(number) c\(body)")
        case 20..<22:
            return Sent(
                bytes: "PUT /stream-early?\(number) HTTP/1.1\r\n\(host)\(length)\r\n\(body)",
                response: "early /stream-early?\(number)",
                isEarly: true)
        case 22..<29: return Sent(bytes: "GET /later?\(number) HTTP/1.1\r\n\(host)\r\n", response: "later")
        case 29..<32: return Sent(bytes: "GET /soon?\(number) HTTP/1.1\r\n\(host)\r\n", response: "soon /soon?\(number)")
        case 32..<34: return Sent(bytes: "HEAD /a?\(number) HTTP/1.1\r\n\(host)\r\n", response: "HEAD /a?\(number) ")
        case 34..<37:
            let size = Int.random(in: 1000...90_000, using: &random)
            return Sent(bytes: "GET /big?\(size) HTTP/1.1\r\n\(host)\r\n", response: String(repeating: "a", count: size))
        case 37:
            return Sent(
                bytes: "GET /a?\(number) HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", response: "GET /a?\(number) ",
                closes: true)
        case 38: return Sent(bytes: "GET /fails HTTP/1.1\r\n\(host)\r\n", response: "never")
        default: return Sent(bytes: "no HTTP\r\n\r\n", response: "never", closes: true)
        }
    }

    private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private func require(_ truth: Bool, _ what: @autoclosure () -> String) {
        if !truth, failure == nil { failure = what() }
    }

    func live() throws {
        let isCalm = chance(60)
        for _ in 0..<Int.random(in: 1...60, using: &random) where failure == nil {
            try step(isCalm)
            lookAround()
            log("  then")
        }
        if chance(80) {
            log("the rest")
            connection.wire.unblock()
            while !unsent.isEmpty { send(1000) }
            while resolved < server.responder.later.count { resolve() }
            received += try connection.received()
            lookAround()
            checkRest()
            isWhole = true
        }
        log("close")
        connection.channel.close(promise: nil)
        server.embeddedLoop.run()
        while resolved < server.responder.later.count { resolve() }
        received += try connection.received()
        checkResponses()
        require(server.responder.streams.allSatisfy { $0.ended + $0.aborted == 1 }, "a stream is not ended or aborted once")
        require(server.table.figures == ConnectionTable.Figures(accepted: 1), "\(server.table.figures)")
        require(files.allSatisfy { !$0.region.fileHandle.isOpen }, "a file is open")
        require(server.responder.rejections.count <= 1, "\(server.responder.rejections)")
    }

    private func log(_ text: String) {
        trace.append("\(text), open \(connection.isOpen), reads \(connection.wire.reads), held \(server.table.figures.heldBytes)")
    }

    private func step(_ isCalm: Bool) throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<55: send(chance(30) ? 2000 : 60)
        case 55..<75: resolve()
        case 75..<80:
            log("block")
            connection.wire.block()
        case 80..<88:
            log("unblock")
            connection.wire.unblock()
        case 88..<92:
            log("tick")
            connection.tick(early: .nanoseconds(1))
        case 92..<96: received += try connection.received()
        default: if !isCalm { disturb() }
        }
    }

    private func disturb() {
        isUndisturbed = false
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            log("input closed")
            if connection.isOpen { connection.closeInput() }
        case 1:
            log("drain")
            server.loop.drain()
        case 2:
            log("evict")
            _ = server.loop.evictLongestIdle()
        case 3:
            log("much later")
            connection.tick(late: .hours(1))
        case 4:
            log("later")
            connection.tick(late: .seconds(15))
        case 5:
            log("error")
            if connection.isOpen { connection.channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel) }
        default:
            log("closed")
            connection.channel.close(promise: nil)
        }
    }

    private func send(_ largest: Int) {
        let count = min(unsent.count, Int.random(in: 1...largest, using: &random))
        guard connection.isOpen else { return unsent.removeAll() }
        guard count > 0 else { return }
        log("send \(count)")
        connection.send(ByteBuffer(bytes: unsent.prefix(count)))
        unsent.removeFirst(count)
    }

    private func resolve() {
        let promises = server.responder.later
        guard resolved < promises.count else { return }
        log("resolve")
        defer { resolved += 1 }
        switch Int.random(in: 0..<20, using: &random) {
        case 0:
            isUndisturbed = false
            promises[resolved].fail(ChannelError.eof)
        case 1..<8:
            let file = ResponseFile.empty()
            files.append(file)
            promises[resolved].succeed(Response(status: 200, fields: ["X": "file"], body: .file(file)))
        default: promises[resolved].succeed(Response(status: 200, body: .bytes(Array("later".utf8))))
        }
    }

    private func lookAround() {
        require(server.table.figures.heldBytes >= 0, "holds \(server.table.figures.heldBytes)")
        if !connection.isOpen { require(server.table.figures == ConnectionTable.Figures(accepted: 1), "\(server.table.figures)") }
        require(resolved + 1 >= server.responder.later.count, "two responses are awaited")
        if server.responder.later.count > resolved, connection.isOpen {
            require(connection.handler.idleSince == nil, "idle while a response is owed")
        }
    }

    /// Nothing is left to do: the connection is idle or closes.
    private func checkRest() {
        guard connection.isOpen else { return }
        if connection.handler.ignoresInput {
            require(connection.wire.isOutputClosed, "ignores its client and stays open")
        } else {
            require(connection.handler.idleSince != nil, "not idle after the last response")
            require(server.table.figures.heldBytes == 0, "holds \(server.table.figures.heldBytes) bytes of nothing")
            let reads = connection.wire.reads
            connection.channel.read()
            require(connection.wire.reads == reads + 1, "does not read on")
        }
    }

    private func checkResponses() {
        var rest = received[...]
        var answered = 0
        for request in requests {
            if rest.isEmpty { break }
            if let end = end(of: request, in: rest, closes: false) {
                rest = rest[end...]
                answered += 1
            } else if let end = end(of: request, in: rest, closes: true) {
                return require(end == rest.endIndex, "more behind the last response")
            } else {
                break
            }
        }
        let isRefused = rest.hasPrefix("HTTP/1.1 4") || rest.hasPrefix("HTTP/1.1 503")
        require(
            rest.isEmpty || isRefused && rest.contains("Connection: close\r\n\r\nrefused"), "wrong response: \(rest.prefix(200))")
        // What ends otherwise had a reason.
        isComplete = requests.allSatisfy { $0.response != "never" && !$0.isEarly && !$0.closes } && isUndisturbed && isWhole
        require(!isComplete || rest.isEmpty && answered == requests.count, "only \(answered) responses")
    }

    private func end(of request: Sent, in text: Substring, closes: Bool) -> Substring.Index? {
        let close = closes ? "Connection: close\r\n" : ""
        var forms: [String]
        if request.isEarly {
            forms = [TestConnection.response("422 Unprocessable Content", request.response, closes: closes)]
        } else if request.bytes.hasPrefix("HEAD") {
            forms = ["HTTP/1.1 200 OK\r\nContent-Length: \(request.response.utf8.count)\r\n\(close)\r\n"]
        } else {
            forms = [TestConnection.ok(request.response, closes: closes)]
        }
        if request.response == "later" { forms.append("HTTP/1.1 200 OK\r\nX: file\r\nContent-Length: 0\r\n\(close)\r\n<file>") }
        for form in forms where text.hasPrefix(form) { return text.utf8.index(text.startIndex, offsetBy: form.utf8.count) }
        return nil
    }
}
