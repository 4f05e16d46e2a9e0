// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import PosternTestSupport
import Testing

@testable import HTTPServer

private func get(_ target: String, _ fields: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n"
}

private func post(_ target: String, _ body: String, _ fields: String = "") -> String {
    "POST \(target) HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}

private func chunked(_ target: String, _ chunks: String, _ fields: String = "") -> String {
    "POST \(target) HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\(fields)\r\n\(chunks)"
}

private func response(_ body: String) -> Response {
    Response(status: 200, body: .bytes(Array(body.utf8)))
}

private func ok(_ body: String, closes: Bool = false) -> String {
    TestConnection.ok(body, closes: closes)
}

private let `continue` = "HTTP/1.1 100 Continue\r\n\r\n"

struct ConnectionHandlerTests {
    // MARK: Requests and responses

    @Test func `a request is answered and the connection stays open`() throws {
        let connection = try TestServer().connect()
        #expect(connection.wire.reads == 1)
        connection.send(get("/a"))
        #expect(try connection.received() == ok("GET /a "))
        connection.send(post("/b", "hello"))
        #expect(try connection.received() == ok("POST /b hello"))
        #expect(connection.wire.reads == 3)
        #expect(connection.isOpen && connection.handler.idleSince != nil)
    }

    @Test func `pipelined requests are answered in order`() throws {
        let connection = try TestServer().connect()
        connection.send(get("/a") + post("/b", "12") + get("/soon?c") + chunked("/d", "2\r\n34\r\n0\r\n\r\n") + get("/shared"))
        #expect(
            try connection.received()
                == ok("GET /a ") + ok("POST /b 12") + ok("soon /soon?c") + ok("POST /d 34") + ok("shared"))
        #expect(connection.isOpen)
    }

    @Test func `a deferred response keeps the order, and nothing is read meanwhile`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later?1") + get("/a") + get("/later?2") + get("/b"))
        #expect(try connection.received() == "")
        #expect(connection.wire.reads == 1)
        #expect(connection.handler.idleSince == nil)
        #expect(server.responder.later.count == 1)

        // A socket may have read on before it was told not to.
        connection.send(get("/c"))
        #expect(try connection.received() == "")
        #expect(connection.wire.reads == 1)

        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one") + ok("GET /a "))
        #expect(server.responder.later.count == 2)
        #expect(connection.wire.reads == 1)

        server.responder.later[1].succeed(response("two"))
        #expect(try connection.received() == ok("two") + ok("GET /b ") + ok("GET /c "))
        #expect(connection.wire.reads == 2)
        #expect(connection.isOpen && connection.handler.idleSince != nil)

        connection.send(get("/d"))
        #expect(try connection.received() == ok("GET /d "))
        #expect(connection.wire.reads == 3)
    }

    @Test func `a deferred response may be the last`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later", "Connection: close\r\n") + get("/a"))
        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one", closes: true))
        #expect(connection.wire.isOutputClosed)
    }

    @Test func `a deferred response after the end is harmless`() throws {
        let server = TestServer()
        for close in [true, false] {
            let connection = try server.connect()
            connection.send(get("/later") + get("/a"))
            if close {
                connection.channel.close(promise: nil)
            } else {
                _ = try connection.channel.finish()
            }
            let promise = try #require(server.responder.later.last)
            let file = ResponseFile.empty()
            promise.succeed(Response(status: 200, body: .file(file)))
            #expect(!file.region.fileHandle.isOpen)
            #expect(try connection.received() == "")
            #expect(!connection.isOpen)
        }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 2))
        let connection = try server.connect()
        connection.send(get("/later"))
        connection.channel.close(promise: nil)
        server.responder.later[2].fail(ChannelError.eof)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 3))
    }

    @Test func `a deferred response that fails closes the connection`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + get("/a"))
        server.responder.later[0].fail(ChannelError.eof)
        #expect(try connection.received() == "")
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test(arguments: ["", "x", get("/a"), post("/b", "12345"), get("/fails"), "no HTTP\r\n\r\n"])
    func `a deferred response that has already failed closes the connection`(_ behind: String) throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/a") + get("/fails") + behind)
        #expect(!connection.isOpen)
        #expect(server.responder.heads == ["GET /a", "GET /fails"])
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test(arguments: ["/a", "/soon", "/shared", "/big?100000", "/shared-big", "/stream"])
    func `a response to HEAD has the length and no body`(_ target: String) throws {
        let connection = try TestServer().connect()
        connection.send("HEAD \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n" + get("/next"))
        let length = ["/a": 8, "/soon": 10, "/shared": 6, "/big?100000": 100_000, "/shared-big": 40_000, "/stream": 8]
        #expect(
            try connection.received()
                == "HTTP/1.1 200 OK\r\nContent-Length: \(length[target] ?? -1)\r\n\r\n" + ok("GET /next "))
    }

    @Test func `a deferred response to HEAD has no body`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("HEAD /later HTTP/1.1\r\nHost: a.example\r\n\r\n" + get("/next"))
        let file = ResponseFile.empty()
        server.responder.later[0].succeed(Response(status: 200, body: .file(file)))
        #expect(!file.region.fileHandle.isOpen)
        #expect(try connection.received() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + ok("GET /next "))
    }

    @Test(arguments: [0, 1, 32 * 1024, 32 * 1024 + 1, 200_000])
    func `bodies of any size arrive completely`(_ size: Int) throws {
        let connection = try TestServer().connect()
        connection.send(get("/big?\(size)") + get("/next"))
        #expect(try connection.received() == ok(String(repeating: "a", count: size)) + ok("GET /next "))
    }

    @Test func `a shared buffer is sent completely`() throws {
        let connection = try TestServer().connect()
        connection.send(get("/shared") + get("/shared-big"))
        #expect(try connection.received() == ok("shared") + ok(String(repeating: "b", count: 40_000)))
    }

    @Test func `a file is sent after its head and closed`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + get("/next"))
        let file = ResponseFile.empty()
        server.responder.later[0].succeed(Response(status: 200, body: .file(file)))
        #expect(try connection.received() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n<file>" + ok("GET /next "))
        #expect(!file.region.fileHandle.isOpen)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", false), ("HTTP/1.1", "Connection: close\r\n", true), ("HTTP/1.1", "Connection: keep-alive\r\n", false),
        ("HTTP/1.0", "", true), ("HTTP/1.0", "Connection: keep-alive\r\n", true),
        ("HTTP/1.1", "Connection: Upgrade\r\nUpgrade: h2c\r\n", false),
        ("HTTP/1.1", "Connection: close, Upgrade\r\nUpgrade: h2c\r\n", true),
    ])
    func `the client decides whether the connection stays open`(_ version: String, _ fields: String, _ closes: Bool) throws {
        let connection = try TestServer().connect()
        connection.send("GET /a \(version)\r\nHost: a.example\r\n\(fields)\r\n" + get("/b"))
        #expect(try connection.received() == ok("GET /a ", closes: closes) + (closes ? "" : ok("GET /b ")))
        #expect(connection.wire.isOutputClosed == closes)
        #expect(connection.isOpen)
        #expect(connection.handler.ignoresInput == closes)
        connection.send(get("/c"))
        #expect(try connection.received() == (closes ? "" : ok("GET /c ")))
    }

    @Test func `many requests behind a deferred one need no deep stack`() throws {
        let server = TestServer()
        let connection = try server.connect()
        let count = 20_000
        connection.send(get("/later") + (0..<count).map { get($0.isMultiple(of: 2) ? "/a" : "/soon") }.joined())
        server.responder.later[0].succeed(response("one"))
        let received = try connection.received()
        #expect(received.hasPrefix(ok("one") + ok("GET /a ") + ok("soon /soon") + ok("GET /a ")))
        #expect(received.utf8.count == ok("one").utf8.count + (ok("GET /a ") + ok("soon /soon")).utf8.count * count / 2)
        #expect(connection.handler.idleSince != nil)
        #expect(server.table.figures.heldBytes == 0)
    }

    // MARK: Splits

    private static let requests = [
        (get("/a?1", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), ok("GET /a?1 ")),
        (post("/b?2", "hello\r\n\r\n", "Connection: keep-alive\r\n"), ok("POST /b?2 hello\r\n\r\n")),
        (chunked("/c?3", "5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n"), ok("POST /c?3 helloabc")),
        (chunked("/stream?4", "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n"), ok("/stream?4 xyz")),
        (post("/stream?5", "abc", "Connection: upgrade\r\nUpgrade: a/1, b\r\n"), ok("/stream?5 abc")),
    ]

    private static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [3, 0, 4], [4, 3, 3]]

    @Test(arguments: orders)
    func `requests split at any byte have the same responses`(_ order: [Int]) throws {
        let bytes = Array(order.map { Self.requests[$0].0 }.joined().utf8)
        let expected = order.map { Self.requests[$0].1 }.joined()
        let server = TestServer()
        for place in 0...bytes.count {
            let connection = try server.connect()
            for piece in [bytes[..<place], bytes[place...]] where !piece.isEmpty { connection.send(ByteBuffer(bytes: piece)) }
            try #require(try connection.received() == expected, "split at \(place)")
            // Nothing has begun behind them, and nothing is kept of them.
            try #require(connection.isOpen && connection.handler.idleSince != nil, "split at \(place)")
            try #require(connection.wire.reads == (place == 0 || place == bytes.count ? 2 : 3), "split at \(place)")
            try #require(server.table.figures.heldBytes == 0, "split at \(place)")
        }
    }

    @Test(arguments: orders)
    func `requests split at many bytes have the same responses`(_ order: [Int]) throws {
        let bytes = Array(order.map { Self.requests[$0].0 }.joined().utf8)
        let expected = order.map { Self.requests[$0].1 }.joined()
        let server = TestServer()
        var random = SplitMix64(seed: 7)
        for largest in Array(1...20) + Array(repeating: 60, count: 100) {
            let connection = try server.connect()
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...largest, using: &random)
                connection.send(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            try #require(try connection.received() == expected, "pieces up to \(largest)")
            try #require(connection.isOpen && connection.handler.idleSince != nil, "pieces up to \(largest)")
            try #require(server.table.figures.heldBytes == 0)
        }
    }

    @Test(arguments: orders)
    func `requests split at any byte behind a deferred one have the same responses`(_ order: [Int]) throws {
        let first = get("/later")
        let bytes = Array((first + order.map { Self.requests[$0].0 }.joined()).utf8)
        let expected = ok("one") + order.map { Self.requests[$0].1 }.joined()
        for place in first.utf8.count...bytes.count {
            let server = TestServer()
            let connection = try server.connect()
            connection.send(ByteBuffer(bytes: bytes[..<place]))
            try #require(connection.wire.reads == 1, "split at \(place)")
            server.responder.later[0].succeed(response("one"))
            try #require(connection.wire.reads == 2, "split at \(place)")
            if place < bytes.count { connection.send(ByteBuffer(bytes: bytes[place...])) }
            try #require(try connection.received() == expected, "split at \(place)")
            try #require(connection.isOpen && connection.handler.idleSince != nil, "split at \(place)")
            try #require(server.table.figures.heldBytes == 0, "split at \(place)")
        }
    }

    /// Whatever stands in these fields, NIO's decoder and the connection must agree on whether more requests follow.
    @Test(arguments: [11, 12, 13] as [UInt64])
    func `after any Connection field the connection stays open or closes as the field says`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let names = ["Connection", "connection", "Proxy-Connection", "Upgrade", "upgrade", "X-Upgrade"]
        let words = [
            "upgrade", "Upgrade", "close", "Close", "keep-alive", "h2c", "websocket", "TE", "upgrades", "x-upgrade", "closed",
            "upgrade close", "", " ", ",", ", ", "\t", "keep-alive,upgrade", "upgrade;q=1", "\"upgrade\"", "foo/1",
        ]
        let server = TestServer()
        for number in 0..<2000 {
            var fields = ""
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let value = (0..<Int.random(in: 1...3, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
                let name = names.randomElement(using: &random) ?? ""
                fields += "\(name): \(value.joined(separator: Bool.random(using: &random) ? "," : " "))\r\n"
            }
            let isLength = Bool.random(using: &random)
            let version = Int.random(in: 0..<8, using: &random) == 0 ? "HTTP/1.0" : "HTTP/1.1"
            let first =
                "POST /a \(version)\r\nHost: a\r\n\(isLength ? "Content-Length: 3\r\n" : "")\(fields)\r\n\(isLength ? "abc" : "")"
            let second = get("/b") + get("/c")
            let bytes = Array((first + second).utf8)
            let connection = try server.connect()
            let place = Int.random(in: 0...bytes.count, using: &random)
            for piece in [bytes[..<place], bytes[place...]] where !piece.isEmpty { connection.send(ByteBuffer(bytes: piece)) }
            let received = try connection.received()
            let body = isLength ? "POST /a abc" : "POST /a "
            let all = ok(body) + ok("GET /b ") + ok("GET /c ")
            try #require(received == all || received == ok(body, closes: true), "number \(number): \(first)")
            try #require(connection.handler.ignoresInput == (received != all), "number \(number): \(first)")
            if connection.handler.ignoresInput { connection.channel.close(promise: nil) }
            try #require(server.table.figures.heldBytes == 0)
        }
    }

    /// NIO's decoder and the check of a head must agree on where a body ends, or the request is refused.
    @Test(arguments: ["", " ", "\t", "  ", " \t", "\t ", "\u{b}", "\u{c}", ",", ", ", ";", " ;", "\r\n ", "\u{a0}"])
    func `a body is framed in one way, whatever white space is around the value`(_ text: String) throws {
        let next = get("/next")
        for isBefore in [true, false] {
            for (name, value, body) in [
                ("Content-Length", "5", "hello"), ("Transfer-Encoding", "chunked", "5\r\nhello\r\n0\r\n\r\n"),
                ("Content-Length", "0", ""), ("Transfer-Encoding", "chunked", "0\r\n\r\n"),
            ] {
                let field = "\(name):\(isBefore ? text + value : value + text)\r\n"
                let bytes = Array("POST /a HTTP/1.1\r\nHost: a\r\n\(field)\r\n\(body)\(next)".utf8)
                let all = ok("POST /a \(body.contains("hello") ? "hello" : "")") + ok("GET /next ")
                for size in [bytes.count, 1] {
                    let server = TestServer()
                    let connection = try server.connect()
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        connection.send(ByteBuffer(bytes: rest.prefix(size)))
                        rest = rest.dropFirst(size)
                    }
                    let received = try connection.received()
                    let isRefused = received.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && connection.handler.ignoresInput
                    #expect(received == all || isRefused, "\(field) in pieces of \(size)")
                }
            }
        }
    }

    // MARK: When a request begins

    @Test(arguments: ["G", "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n\r"])
    func `the beginning of a request behind another one counts as a request in progress`(_ beginning: String) throws {
        for first in Self.requests.map(\.0) {
            let connection = try TestServer().connect()
            connection.send(first)
            #expect(connection.handler.idleSince != nil)
            connection.send(first + beginning)
            #expect(connection.handler.idleSince == nil, "\(first)")
        }
    }

    @Test(arguments: ["\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "\n", "\n\n", "\r"])
    func `an empty line behind a request or between two is no beginning of a request`(_ lines: String) throws {
        for (first, answer) in Self.requests {
            let connection = try TestServer().connect()
            connection.send(first + lines)
            #expect(connection.handler.idleSince != nil, "\(first)")
            connection.send(lines)
            #expect(connection.handler.idleSince != nil, "\(first)")
            connection.send(lines + first)
            #expect(try connection.received() == answer + answer)
            #expect(connection.handler.idleSince != nil, "\(first)")
        }
    }

    @Test func `an earlier body that ended at the same address does not hide the beginning of a request`() throws {
        let connection = try TestServer().connect()
        let first = post("/b", "hello")
        let second = get("/a") + "GET /"
        var buffer = ByteBuffer(string: first)
        let address = buffer.withUnsafeReadableBytes { $0.baseAddress }
        connection.send(buffer)
        #expect(connection.handler.idleSince != nil)
        buffer.clear()
        buffer.writeString(second)
        buffer.writeString(String(repeating: "x", count: max(0, first.utf8.count - second.utf8.count)))
        #expect(buffer.withUnsafeReadableBytes { $0.baseAddress } == address)
        #expect(buffer.readableBytes == first.utf8.count)
        connection.send(buffer)
        #expect(try connection.received() == ok("POST /b hello") + ok("GET /a "))
        #expect(connection.handler.idleSince == nil)
    }

    @Test func `the beginning of a request behind a response that is not yet sent counts as a request in progress`() throws {
        let connection = try TestServer().connect()
        connection.wire.block()
        connection.send(get("/big?100000") + "GET / HT")
        #expect(connection.handler.idleSince == nil)
        connection.wire.unblock()
        #expect(connection.handler.idleSince == nil)
    }

    // MARK: Streams

    @Test func `a stream is delivered piece by piece and ended once`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        connection.send("def")
        #expect(server.responder.streams == [.init(pieces: ["abc", "def"])])
        #expect(connection.wire.reads == 3)
        connection.send("ghi" + get("/next"))
        #expect(server.responder.streams == [.init(pieces: ["abc", "def", "ghi"], ended: 1)])
        #expect(try connection.received() == ok("/stream abcdefghi") + ok("GET /next "))
        connection.channel.close(promise: nil)
        #expect(server.responder.streams == [.init(pieces: ["abc", "def", "ghi"], ended: 1)])
    }

    @Test func `a stream that is cut off is aborted once`() throws {
        let ends: [(TestConnection) -> Void] = [
            { $0.channel.close(promise: nil) },
            { $0.closeInput() },
            { $0.channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel) },
            { $0.tick(late: .hours(1)) },
            { $0.send(String(repeating: "x", count: 2000)) },
        ]
        let responses = ["", "400 Bad Request", "", "408 Request Timeout", "413 Content Too Large"]
        for (end, response) in zip(ends, responses) {
            let server = TestServer()
            let connection = try server.connect()
            connection.send(chunked("/stream", "3\r\nabc\r\n7d0\r\n"))
            end(connection)
            let refused = TestConnection.response(response, "refused /stream", closes: true)
            #expect(try connection.received() == (response.isEmpty ? "" : refused), "\(response)")
            #expect(server.responder.rejections.count == (response.isEmpty ? 0 : 1))
            #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 1)])
            connection.channel.close(promise: nil)
            connection.server.embeddedLoop.run()
            #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 1)])
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        }
    }

    @Test func `a stream whose turn never comes is aborted once`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + post("/stream?1", "abc") + post("/stream-early?2", "def") + post("/stream?3", "ghi"))
        #expect(server.responder.streams.allSatisfy { $0.ended == 0 && $0.aborted == 0 })
        connection.channel.close(promise: nil)
        #expect(server.responder.streams.map(\.ended) == [0, 0, 0])
        #expect(server.responder.streams.map(\.aborted) == [1, 1, 1])
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `after a response before the end of its stream the connection closes after the rest`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("POST /stream-early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        #expect(
            try connection.received() == TestConnection.response("422 Unprocessable Content", "early /stream-early", closes: true)
        )
        #expect(!connection.wire.isOutputClosed && connection.wire.reads == 2)
        connection.send("def")
        #expect(!connection.wire.isOutputClosed && connection.wire.reads == 3)
        connection.send("ghi" + get("/next"))
        #expect(connection.wire.isOutputClosed && connection.wire.reads == 4)
        #expect(try connection.received() == "")
        #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 1)])
        connection.tick(late: .seconds(10))
        #expect(!connection.isOpen)
        #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 1)])
    }

    @Test(arguments: ["7d0\r\n" + String(repeating: "x", count: 2000), "x\r\n", ""])
    func `after an early response a malformed body closes the connection`(_ rest: String) throws {
        let server = TestServer()
        let connection = try server.connect()
        // The response, the fault and more bytes in one read.
        connection.send(chunked("/stream-early", "3\r\nabc\r\n" + rest))
        if rest.isEmpty { connection.closeInput() }
        #expect(!connection.isOpen)
        #expect(
            try connection.received() == TestConnection.response("422 Unprocessable Content", "early /stream-early", closes: true)
        )
        #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 1)])
        #expect(server.responder.rejections == [])
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test(arguments: [true, false])
    func `an early response waits for the responses before it`(_ isWhole: Bool) throws {
        let server = TestServer()
        let connection = try server.connect()
        let early = "POST /stream-early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"
        connection.send(get("/later?1") + get("/a") + early + (isWhole ? "defghi" : ""))
        if !isWhole { connection.send("def") }
        #expect(try connection.received() == "")
        server.responder.later[0].succeed(response("one"))
        let expected = TestConnection.response("422 Unprocessable Content", "early /stream-early", closes: !isWhole)
        #expect(try connection.received() == ok("one") + ok("GET /a ") + expected)
        if !isWhole {
            #expect(!connection.wire.isOutputClosed)
            connection.send("ghi" + get("/next"))
            #expect(connection.wire.isOutputClosed)
            #expect(try connection.received() == "")
        } else {
            connection.send(get("/next"))
            #expect(try connection.received() == ok("GET /next "))
        }
        #expect(server.responder.streams == [.init(pieces: [isWhole ? "abcdefghi" : "abc"], aborted: 1)])
    }

    @Test func `an early response waits for responses that are not yet sent`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(
            get("/big?70000") + get("/a") + "POST /stream-early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        #expect(try connection.received() == "")
        connection.wire.unblock()
        let expected = TestConnection.response("422 Unprocessable Content", "early /stream-early", closes: true)
        #expect(try connection.received() == ok(String(repeating: "a", count: 70_000)) + ok("GET /a ") + expected)
        #expect(server.responder.streams == [.init(pieces: ["abc"], aborted: 0)])
    }

    // MARK: Expect: 100-continue

    @Test(arguments: [
        ("HTTP/1.1", "Content-Length: 3\r\n", true), ("HTTP/1.0", "Content-Length: 3\r\n", false),
        ("HTTP/1.1", "Content-Length: 0\r\n", false),
    ])
    func `a client that expects it gets 100 Continue before the body`(_ version: String, _ length: String, _ isSent: Bool) throws
    {
        let connection = try TestServer().connect()
        connection.send("POST /a \(version)\r\nHost: a\r\n\(length)Expect: 100-Continue\r\n\r\n")
        let isEmpty = length == "Content-Length: 0\r\n"
        let body = isEmpty ? ok("POST /a ") : ""
        #expect(try connection.received() == (isSent ? `continue` : "") + body)
        guard !isEmpty else { return }
        connection.send("abc")
        #expect(try connection.received() == ok("POST /a abc", closes: version == "HTTP/1.0"))
    }

    @Test(arguments: ["/stream-refused", "/refused"])
    func `a refusal replaces 100 Continue`(_ path: String) throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        let status = path == "/refused" ? "401 Unauthorized" : "403 Forbidden"
        #expect(try connection.received() == TestConnection.response(status, "no", closes: true))
        #expect(connection.wire.isOutputClosed && connection.wire.reads == 2)
        connection.send("abc" + get("/next"))
        #expect(try connection.received() == "")
        #expect(server.responder.streams == [])
        connection.tick(late: .seconds(10))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `only clients that expect 100 Continue get a refusal before the body`() throws {
        let connection = try TestServer().connect()
        connection.send(post("/refused", "abc") + post("/stream-refused", "abc"))
        #expect(try connection.received() == ok("") + ok("/stream-refused abc"))
    }

    @Test func `a refusal of HEAD has no body`() throws {
        let connection = try TestServer().connect()
        connection.send("HEAD /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.received() == "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
    }

    @Test func `no 100 Continue is sent among the responses to other requests`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.received() == "")
        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one"))
        connection.send("abc")
        #expect(try connection.received() == ok("POST /b abc"))
    }

    // MARK: Rejections

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        let status: String
        /// Its head could be read and is known to whoever answers.
        var target = "-"
    }

    static let faults = [
        Fault(testDescription: "no HTTP", bytes: "no HTTP\r\n\r\n", status: "400 Bad Request"),
        Fault(testDescription: "HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: "400 Bad Request"),
        Fault(testDescription: "HTTP/2.0", bytes: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", status: "400 Bad Request"),
        Fault(testDescription: "no Host", bytes: "GET / HTTP/1.1\r\n\r\n", status: "400 Bad Request"),
        Fault(testDescription: "CONNECT", bytes: "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", status: "400 Bad Request"),
        Fault(
            testDescription: "a large field", bytes: get("/", "X: \(String(repeating: "x", count: 17_000))\r\n"),
            status: "431 Request Header Fields Too Large"),
        Fault(
            testDescription: "large fields",
            bytes: get("/", String(repeating: "X: \(String(repeating: "x", count: 900))\r\n", count: 20)),
            status: "431 Request Header Fields Too Large"),
        Fault(
            testDescription: "many fields", bytes: get("/", String(repeating: "X: y\r\n", count: 100)),
            status: "431 Request Header Fields Too Large"),
        Fault(
            testDescription: "a long target", bytes: get("/" + String(repeating: "x", count: 8192)), status: "414 "),
        Fault(
            testDescription: "a target without end", bytes: "GET /" + String(repeating: "x", count: 30_000),
            status: "431 Request Header Fields Too Large"),
        Fault(
            testDescription: "a large body by its length", bytes: "POST /tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
            status: "413 Content Too Large", target: "/tiny"),
        Fault(
            testDescription: "a large body by its count", bytes: chunked("/tiny", "5\r\nabcde\r\n4\r\nfghi\r\n0\r\n\r\n"),
            status: "413 Content Too Large", target: "/tiny"),
        Fault(
            testDescription: "a chunk that is no good", bytes: chunked("/a", "x\r\n"), status: "400 Bad Request", target: "/a"),
    ]

    @Test(arguments: faults)
    func `a malformed request is rejected and the connection closes`(_ fault: Fault) throws {
        for size in [Int.max, 1000, 1] {
            let server = TestServer()
            let connection = try server.connect()
            var rest = Array(fault.bytes.utf8)[...]
            while !rest.isEmpty {
                connection.send(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            let expected = TestConnection.response(fault.status, "refused \(fault.target)", closes: true)
            #expect(try connection.received() == expected)
            #expect(server.responder.rejections.count == 1)
            #expect(connection.isOpen && connection.wire.isOutputClosed && connection.handler.ignoresInput)
            let reads = connection.wire.reads
            connection.send(get("/next"))
            #expect(try connection.received() == "")
            #expect(connection.wire.reads == reads + 1)
            connection.tick(late: .seconds(10))
            #expect(!connection.isOpen)
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        }
    }

    @Test(arguments: faults)
    func `a malformed request is rejected after the responses before it`(_ fault: Fault) throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + get("/a") + fault.bytes)
        #expect(try connection.received() == "")
        #expect(server.responder.rejections == [])
        server.responder.later[0].succeed(response("one"))
        let received = try connection.received()
        // The head that was too large for its body is not kept.
        let rejections = [fault.target, "-"].map { TestConnection.response(fault.status, "refused \($0)", closes: true) }
        #expect(rejections.contains { received == ok("one") + ok("GET /a ") + $0 })
        #expect(server.responder.rejections.count == 1)
        #expect(connection.wire.isOutputClosed)
        connection.channel.close(promise: nil)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test(arguments: ["HEAD / HTTP/1.1\r\n\r\n", "HEAD /tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"])
    func `a rejection of HEAD has no body`(_ bytes: String) throws {
        for before in ["", get("/later")] {
            let server = TestServer()
            let connection = try server.connect()
            connection.send(before + bytes)
            server.responder.later.first?.succeed(response("one"))
            let received = try connection.received()
            #expect(received.hasPrefix((before.isEmpty ? "" : ok("one")) + "HTTP/1.1 4"))
            #expect(received.hasSuffix("Connection: close\r\n\r\n"))
        }
    }

    @Test func `a connection whose socket fails is closed without a response`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        connection.channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
        #expect(!connection.isOpen)
        #expect(try connection.received() == "")
        #expect(server.responder.rejections == [])
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    // MARK: The other side closes

    @Test func `a connection that the client closes when idle is closed`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/a"))
        connection.closeInput()
        #expect(!connection.isOpen)
        #expect(try connection.received() == ok("GET /a "))
        #expect(server.responder.rejections == [])
    }

    @Test func `a client that closes its output gets the outstanding responses`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + get("/a"))
        connection.closeInput()
        #expect(connection.isOpen)
        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one") + ok("GET /a ", closes: true))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `a truncated request is rejected`() throws {
        for bytes in ["GET / HT", get("/a").dropLast(2) + "", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"] {
            let server = TestServer()
            let connection = try server.connect()
            connection.send(bytes)
            connection.closeInput()
            #expect(try connection.received().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(!connection.isOpen)
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        }
    }

    @Test func `an empty line behind a request is no request`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + "\r\n")
        connection.closeInput()
        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one", closes: true))
        #expect(!connection.isOpen)
        #expect(server.responder.rejections == [])
    }

    // MARK: A peer that does not read

    @Test func `unsent data delays the next response`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        let big = String(repeating: "a", count: 70_000)
        connection.send(get("/big?70000") + get("/a") + get("/later") + get("/b"))
        #expect(server.table.figures.heldBytes > 70_000)
        #expect(connection.wire.reads == 1)
        #expect(server.responder.later.isEmpty)
        connection.wire.unblock()
        #expect(try connection.received() == ok(big) + ok("GET /a "))
        server.responder.later[0].succeed(response("one"))
        #expect(try connection.received() == ok("one") + ok("GET /b "))
        #expect(connection.wire.reads == 2)
        #expect(server.table.figures.heldBytes == 0)
        #expect(connection.handler.idleSince != nil)
    }

    @Test func `a client that closes its output gets the unsent data`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000"))
        connection.closeInput()
        #expect(connection.isOpen)
        connection.wire.unblock()
        #expect(!connection.isOpen)
        #expect(connection.wire.lostBytes == 0)
        #expect(try connection.received() == ok(String(repeating: "a", count: 70_000)))
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test(arguments: ["", "Connection: close\r\n"])
    func `the last response is sent completely to a client that has closed its output`(_ fields: String) throws {
        for isFirst in [true, false] {
            let server = TestServer()
            let connection = try server.connect()
            connection.wire.block()
            connection.send(get("/later", fields))
            if isFirst { connection.closeInput() }
            server.responder.later[0].succeed(Response(status: 200, body: .bytes([UInt8](repeating: 0x61, count: 70_000))))
            if !isFirst { connection.closeInput() }
            #expect(connection.isOpen)
            connection.tick(early: .seconds(10))
            #expect(connection.isOpen)
            connection.wire.unblock()
            #expect(!connection.isOpen)
            #expect(connection.wire.lostBytes == 0)
            let closes = isFirst || !fields.isEmpty
            #expect(try connection.received() == ok(String(repeating: "a", count: 70_000), closes: closes))
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        }
    }

    @Test func `the last response is sent completely before the output closes`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000", "Connection: close\r\n"))
        #expect(!connection.wire.isOutputClosed)
        connection.tick(early: .seconds(10))
        #expect(connection.isOpen)
        connection.wire.unblock()
        #expect(connection.isOpen && connection.wire.isOutputClosed && !connection.wire.closedWithUnsent)
        #expect(try connection.received() == ok(String(repeating: "a", count: 70_000), closes: true))
        connection.tick(late: .seconds(3))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `a last response that cannot be sent is dropped in time`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000", "Connection: close\r\n"))
        connection.tick(late: .seconds(30))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `a rejection behind unsent data is sent`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000") + "no HTTP\r\n\r\n")
        connection.closeInput()
        #expect(connection.isOpen)
        connection.wire.unblock()
        #expect(!connection.isOpen)
        #expect(connection.wire.lostBytes == 0)
        let rejection = TestConnection.response("400 Bad Request", "refused -", closes: true)
        #expect(try connection.received() == ok(String(repeating: "a", count: 70_000)) + rejection)
    }

    @Test func `a connection whose peer does not read is closed in time`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000"))
        connection.tick(early: .seconds(10))
        #expect(connection.isOpen)
        connection.tick(late: .seconds(30))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `bytes that arrive while a part is processed are read after it`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000"))
        #expect(connection.wire.reads == 1)
        // 100 Continue sends all that waits, and so the connection reads on inside the decoder's call.
        connection.wire.unblockWithNextFlush()
        connection.wire.atNextRead = ByteBuffer(string: "t: a\r\n\r\n" + get("/d"))
        connection.send(
            "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nabGET /c HTTP/1.1\r\nHos")
        #expect(connection.wire.atNextRead == nil)
        #expect(
            try connection.received()
                == ok(String(repeating: "a", count: 70_000)) + `continue` + ok("POST /b ab") + ok("GET /c ") + ok("GET /d "))
        #expect(connection.handler.idleSince != nil)
        #expect(server.table.figures.heldBytes == 0)
    }

    @Test func `bytes that arrive while a part is processed wait for it`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000"))
        #expect(connection.wire.reads == 1)
        // The rejection makes the connection read again, inside the decoder's call.
        connection.wire.atNextRead = ByteBuffer(string: get("/next"))
        connection.send("no HTTP\r\n\r\n" + get("/a"))
        #expect(connection.wire.reads >= 2)
        connection.wire.unblock()
        let rejection = TestConnection.response("400 Bad Request", "refused -", closes: true)
        #expect(try connection.received() == ok(String(repeating: "a", count: 70_000)) + rejection)
        #expect(server.responder.heads == ["GET /big?70000"])
    }

    // MARK: Time

    @Test func `an idle connection lingers and ends`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/a"))
        _ = try connection.received()
        connection.tick(early: .seconds(60))
        #expect(connection.isOpen && !connection.wire.isOutputClosed)
        connection.tick(late: .seconds(80))
        #expect(connection.isOpen && connection.wire.isOutputClosed)
        connection.send(get("/b"))
        #expect(try connection.received() == "")
        connection.tick(late: .seconds(90))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `the event loop checks deadlines while there are connections`() throws {
        let server = TestServer()
        let connection = try server.connect()
        server.embeddedLoop.advanceTime(by: .seconds(1))
        #expect(connection.isOpen)
        connection.channel.close(promise: nil)
        server.embeddedLoop.advanceTime(by: .seconds(1))
        let next = try server.connect()
        next.send(get("/a"))
        server.embeddedLoop.advanceTime(by: .seconds(1))
        #expect(try next.received() == ok("GET /a "))
    }

    @Test func `events after the end are harmless`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later"))
        connection.channel.close(promise: nil)
        connection.tick(late: .hours(1))
        connection.handler.drain(at: .now())
        connection.handler.closeIfIdle()
        connection.handler.bytesReceived(5)
        connection.handler.nextRequestBegins()
        connection.handler.decodingEnded(undecodedBytes: 5)
        server.embeddedLoop.run()
        connection.tick(late: .hours(1))
        connection.handler.closeIfIdle()
        connection.handler.bytesReceived(5)
        connection.handler.nextRequestBegins()
        connection.handler.decodingEnded(undecodedBytes: 5)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        #expect(try connection.received() == "")
    }

    // MARK: Draining

    @Test func `draining closes after the next response`() throws {
        let server = TestServer()
        let idle = try server.connect()
        let busy = try server.connect()
        let pipelining = try server.connect()
        busy.send(get("/later"))
        pipelining.send(get("/later") + get("/a"))
        server.loop.drain()
        server.responder.later[0].succeed(response("one"))
        #expect(try busy.received() == ok("one", closes: true))
        #expect(busy.wire.isOutputClosed)
        server.responder.later[1].succeed(response("two"))
        #expect(try pipelining.received() == ok("two") + ok("GET /a ", closes: true))
        idle.send(get("/b"))
        #expect(try idle.received() == ok("GET /b ", closes: true))

        let late = try server.connect()
        late.send(get("/c"))
        #expect(try late.received() == ok("GET /c ", closes: true))
        let silent = try server.connect()
        silent.tick(late: .seconds(2))
        #expect(silent.isOpen && silent.wire.isOutputClosed)
        for connection in [idle, busy, pipelining, late, silent] {
            connection.tick(late: .seconds(10))
            #expect(!connection.isOpen)
        }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 5))
    }

    // MARK: Room for others

    @Test func `the connection that has been idle for the longest time is closed for a new one`() throws {
        let server = TestServer()
        #expect(!server.loop.evictLongestIdle())
        let connections = try (0..<4).map { _ in try server.connect() }
        connections[0].send(get("/later"))
        connections[1].send("GET /half")
        // One has been used since it came, the other has not.
        connections[2].send(get("/a"))
        #expect(server.loop.evictLongestIdle())
        #expect(connections.map(\.isOpen) == [true, true, true, false])
        #expect(server.loop.evictLongestIdle())
        #expect(connections.map(\.isOpen) == [true, true, false, false])
        #expect(!server.loop.evictLongestIdle())
        #expect(!server.loop.evictLongestIdle())
        #expect(connections.map(\.isOpen) == [true, true, false, false])
        server.responder.later[0].succeed(response("one"))
        #expect(server.loop.evictLongestIdle())
        #expect(connections.map(\.isOpen) == [false, true, false, false])
        #expect(server.table.figures == ConnectionTable.Figures(open: 1, accepted: 4, heldBytes: server.table.figures.heldBytes))
        #expect(try connections[0].received() == ok("one"))
    }

    @Test func `an idle connection is closed for a new one although all have been used`() throws {
        let server = TestServer()
        let connections = try (0..<10).map { _ in try server.connect() }
        for connection in connections { connection.send(get("/a")) }
        for count in 1...10 {
            #expect(server.loop.evictLongestIdle())
            #expect(connections.count { !$0.isOpen } == count)
            #expect(server.table.figures.open == 10 - count)
        }
        #expect(!server.loop.evictLongestIdle())
    }

    @Test func `at most 64 busy connections are examined for an idle one, and others the next time`() throws {
        let server = TestServer()
        var busy: [TestConnection] = []
        func addBusy(_ count: Int) throws {
            for _ in 0..<count {
                let connection = try server.connect()
                connection.send("GET")
                busy.append(connection)
            }
        }
        try addBusy(63)
        var idle = try server.connect()
        #expect(server.loop.evictLongestIdle())
        #expect(!idle.isOpen)
        try addBusy(1)
        idle = try server.connect()
        #expect(!server.loop.evictLongestIdle())
        #expect(idle.isOpen)
        #expect(server.loop.evictLongestIdle())
        #expect(!idle.isOpen)
        #expect(busy.count { $0.isOpen } == 64)
    }

    @Test func `connections can end in any order`() throws {
        var random = SplitMix64(seed: 5)
        let server = TestServer()
        var connections = try (0..<60).map { _ in try server.connect() }
        for _ in 0..<200 {
            let place = Int.random(in: 0..<connections.count, using: &random)
            connections[place].channel.close(promise: nil)
            connections[place] = try server.connect()
        }
        #expect(server.table.figures.open == 60)
        connections.shuffle(using: &random)
        for connection in connections[..<40] { connection.channel.close(promise: nil) }
        server.loop.drain()
        for connection in connections[40...] {
            connection.send(get("/a"))
            #expect(try connection.received() == ok("GET /a ", closes: true))
            connection.channel.close(promise: nil)
        }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 260))
    }

    @Test func `closed connections leave nothing behind`() throws {
        let server = TestServer()
        for _ in 0..<500 {
            let connection = try server.connect()
            connection.send(get("/a") + "GET /half")
            connection.channel.close(promise: nil)
        }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 500))
        #expect(!server.loop.evictLongestIdle())
    }

    @Test func `connections that hold memory are found in the order in which they began`() throws {
        let before = NIODeadline.now()
        let server = TestServer()
        let connections = try (0..<5).map { _ in try server.connect() }
        for place in [3, 1, 4, 2, 0] { connections[place].send("GET") }
        // It has let go, and begins anew.
        connections[1].send(" / HTTP/1.1\r\nHost: a\r\n\r\n")
        connections[1].send("GET")
        connections[4].channel.close(promise: nil)
        #expect(server.loop.popLongestHolder(before: before) === nil)
        for place in [3, 2, 0, 1] { #expect(server.loop.popLongestHolder() === connections[place].handler) }
        #expect(server.loop.popLongestHolder() === nil)
    }

    @Test func `an idle connection is closed before one with a request`() throws {
        let server = TestServer()
        let connections = try (0..<3).map { _ in try server.connect() }
        connections[0].send("GET")
        connections[1].send(get("/later"))
        #expect(server.loop.makeRoom(protectedTime: .seconds(1)))
        #expect(connections.map(\.isOpen) == [true, true, false])
        connections[0].handler.close()
        connections[0].handler.close()
        #expect(connections.map(\.isOpen) == [false, true, false])
        #expect(server.table.figures == ConnectionTable.Figures(open: 1, accepted: 3))
    }

    @Test func `an incomplete request is closed for a new one only after the protected time`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send("GET")
        #expect(!server.loop.makeRoom(protectedTime: .hours(1)))
        #expect(connection.isOpen)
        // Older than a time to come.
        #expect(server.loop.makeRoom(protectedTime: .seconds(-1)))
        #expect(!connection.isOpen)
        #expect(!server.loop.makeRoom(protectedTime: .seconds(-1)))
    }

    // MARK: Memory

    private static var smallBudget: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 20_000
        return limits
    }

    @Test(arguments: [
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + String(repeating: "x", count: 40_000),
        "GET /a HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 14_000),
    ])
    func `over the budget an incomplete request is rejected`(_ bytes: String) throws {
        for size in [Int.max, 100] {
            let server = TestServer(limits: Self.smallBudget)
            let connection = try server.connect()
            var rest = Array(bytes.utf8)[...]
            while !rest.isEmpty {
                connection.send(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(try connection.received().hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(server.responder.rejections == [.outOfMemoryBudget])
            #expect(connection.wire.isOutputClosed && connection.handler.ignoresInput)
            connection.channel.close(promise: nil)
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
        }
    }

    @Test func `over the budget the oldest incomplete request is rejected`() throws {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 250_000
        let server = TestServer(limits: limits)
        let half = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 65001\r\n\r\n" + String(repeating: "x", count: 65_000)
        let connections = try (0..<3).map { _ in try server.connect() }
        connections[1].send(half)
        connections[0].send(half)
        #expect(server.responder.rejections == [])
        connections[2].send(half)
        #expect(server.responder.rejections == [.outOfMemoryBudget])
        #expect(try connections[1].received() == TestConnection.response("503 Service Unavailable", "refused /a", closes: true))
        for connection in [connections[0], connections[2]] {
            connection.send("x")
            #expect(try connection.received().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
        for connection in connections { connection.channel.close(promise: nil) }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 3))
    }

    @Test func `over the budget an incomplete request behind another one is dropped`() throws {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 250_000
        let server = TestServer(limits: limits)
        let half = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 65001\r\n\r\n" + String(repeating: "x", count: 65_000)
        let connections = try (0..<3).map { _ in try server.connect() }
        connections[0].send(get("/later") + half)
        connections[1].send(half)
        connections[2].send(half)
        #expect(server.responder.rejections == [])
        #expect(connections.map(\.handler.ignoresInput) == [true, false, false])
        server.responder.later[0].succeed(response("one"))
        #expect(
            try connections[0].received()
                == ok("one") + TestConnection.response("503 Service Unavailable", "refused /a", closes: true))
        for connection in connections[1...] {
            connection.send("x")
            #expect(try connection.received().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `over the budget the oldest streams are aborted`() throws {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 1_000_000
        let server = TestServer(limits: limits)
        var connections: [TestConnection] = []
        while server.responder.rejections.isEmpty, connections.count < 1000 {
            let connection = try server.connect()
            connections.append(connection)
            connection.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
        }
        // As many as it takes, from the oldest on.
        let aborted = server.responder.rejections.count
        #expect(aborted < connections.count / 2)
        #expect(server.responder.streams.map(\.aborted) == connections.indices.map { $0 < aborted ? 1 : 0 })
        for connection in connections[..<aborted] {
            #expect(
                try connection.received() == TestConnection.response("503 Service Unavailable", "refused /stream", closes: true))
        }
        for connection in connections[aborted...] {
            connection.send("67890")
            #expect(try connection.received() == ok("/stream 1234567890"))
        }
    }

    @Test(arguments: [Int.max, 100])
    func `undecoded bytes are bounded`(_ size: Int) throws {
        var limits = ConnectionLimits()
        // So that the bound is below that of the decoder.
        limits.maxTargetBytes = 2000 - 1024 - limits.maxHeaderBytes
        let server = TestServer(limits: limits)
        let connection = try server.connect()
        var rest = Array("GET / HTTP/1.1\r\nX: ".utf8)[...] + [UInt8](repeating: 0x78, count: 1990)
        while !rest.isEmpty {
            connection.send(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(try connection.received() == "")
        connection.send("xxxxxxxxxxx")
        #expect(
            try connection.received()
                == TestConnection.response("431 Request Header Fields Too Large", "refused -", closes: true))
        #expect(connection.wire.isOutputClosed)
    }

    @Test func `a decoder that has stopped is released`() throws {
        let connection = try TestServer().connect()
        let handler = try connection.channel.pipeline.syncOperations.handler(type: RequestDecodingHandler.self)
        weak let stopped = handler.decoder
        connection.send(get("/a", "Connection: Upgrade\r\nUpgrade: h2c\r\n"))
        #expect(try connection.received() == ok("GET /a "))
        #expect(stopped == nil)
        connection.send(get("/b"))
        #expect(try connection.received() == ok("GET /b "))
    }

    @Test func `over the budget complete requests are served`() throws {
        let server = TestServer(limits: Self.smallBudget)
        let connection = try server.connect()
        let body = String(repeating: "y", count: 30_000)
        connection.send(post("/b", body) + post("/c", body))
        #expect(try connection.received() == ok("POST /b \(body)") + ok("POST /c \(body)"))
        #expect(connection.handler.idleSince != nil)
        #expect(server.table.figures.heldBytes == 0)
    }

    /// A socket whose other end has closed is read to its end, whether more is wanted or not.
    @Test func `over the budget waiting requests are served and no more are read`() throws {
        let server = TestServer(limits: Self.smallBudget)
        let connection = try server.connect()
        connection.send(get("/later"))
        for _ in 0..<1000 { connection.send(get("/a") + get("/a") + get("/a")) }
        #expect(connection.handler.ignoresInput)
        #expect(server.table.figures.heldBytes < 30_000)
        let taken = server.responder.heads.count
        #expect(taken > 3 && taken < 100)
        server.responder.later[0].succeed(response("one"))
        let expected =
            ok("one") + String(repeating: ok("GET /a "), count: taken - 1)
            + TestConnection.response("503 Service Unavailable", "refused -", closes: true)
        #expect(try connection.received() == expected)
        #expect(server.responder.rejections == [.outOfMemoryBudget])
        connection.channel.close(promise: nil)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
    }

    @Test func `memory that a connection releases costs no other one its request`() throws {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 60_000
        let server = TestServer(limits: limits)
        let connection = try server.connect()
        connection.send(get("/later") + get("/later"))
        let other = try server.connect()
        other.send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n1")
        connection.send(String(repeating: get("/a"), count: 500))
        #expect(connection.isOpen && connection.handler.ignoresInput && !other.handler.ignoresInput)
        let before = server.table.figures.heldBytes
        server.responder.later[0].succeed(response("one"))
        // Less than before, and still over the budget.
        let after = server.table.figures.heldBytes
        #expect(after < before && after > limits.maxHeldBytes)
        #expect(server.responder.rejections == [])
        other.send("23")
        #expect(try other.received() == ok("POST /c 123"))
        for later in server.responder.later.dropFirst() { later.succeed(response("two")) }
        for connection in [connection, other] { connection.channel.close(promise: nil) }
    }

    @Test func `over the budget a connection with waiting requests closes without a response`() throws {
        let server = TestServer(limits: Self.smallBudget)
        let waiting = try server.connect()
        waiting.send(get("/later") + post("/stream", "abc") + post("/b", String(repeating: "y", count: 30_000)))
        #expect(waiting.isOpen)
        let connection = try server.connect()
        connection.send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n1")
        #expect(!waiting.isOpen || connection.handler.ignoresInput)
        _ = waiting
        server.responder.later[0].succeed(response("one"))
        for connection in [waiting, connection] { connection.channel.close(promise: nil) }
        #expect(server.responder.streams.map { $0.ended + $0.aborted } == [1])
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 2))
    }

    @Test func `reserved memory is released with the response`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.send(get("/later") + get("/a") + get("/b"))
        #expect(server.table.figures.heldBytes > 1000)
        server.responder.later[0].succeed(response("one"))
        #expect(server.table.figures.heldBytes == 0)
    }

    @Test func `reserved memory is released with the last unsent data`() throws {
        let server = TestServer()
        let connection = try server.connect()
        connection.wire.block()
        connection.send(get("/big?70000") + get("/a") + get("/b"))
        #expect(server.table.figures.heldBytes > 70_000)
        connection.wire.unblock()
        #expect(server.table.figures.heldBytes == 0)
        #expect(connection.handler.idleSince != nil)
    }

    @Test func `over the budget a connection whose peer does not read is closed`() throws {
        for (behind, fields) in [("", ""), ("", "Connection: close\r\n"), (get("/a") + "G", ""), ("GE", "Connection: close\r\n")]
        {
            let server = TestServer(limits: Self.smallBudget)
            let connection = try server.connect()
            connection.wire.block()
            connection.send(get("/big?25000", fields) + behind)
            #expect(!connection.isOpen)
            #expect(server.table.figures == ConnectionTable.Figures(accepted: 1))
            #expect(server.responder.rejections == [])
        }
    }

    @Test func `over the budget the connection whose peer has not read for the longest time is closed`() throws {
        var limits = ConnectionLimits()
        limits.maxHeldBytes = 200_000
        let server = TestServer(limits: limits)
        let slow = try server.connect()
        slow.wire.block()
        slow.send(get("/big?100000"))
        #expect(slow.isOpen)
        var connections: [TestConnection] = []
        while slow.isOpen, connections.count < 100 {
            connections.append(try server.connect())
            connections[connections.count - 1].send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n1")
        }
        #expect(!slow.isOpen)
        for connection in connections {
            connection.send("23")
            #expect(try connection.received() == ok("POST /c 123"))
        }
        #expect(server.responder.rejections == [])
        #expect(server.table.figures == ConnectionTable.Figures(open: connections.count, accepted: connections.count + 1))
    }

    @Test func `a TLS handshake holds memory until it has ended, and requests behind it hold more than on a plain connection`()
        throws
    {
        let server = TestServer()
        let connection = try server.connect()
        let tls = try NIOSSLContext(configuration: .makeClientConfiguration())
        connection.handler.beginsWithTLS(SocketHandler(connection: connection.handler, tls: tls))
        #expect(server.table.figures.heldBytes == 0)
        #expect(connection.handler.idleSince == nil)
        #expect(connection.handler.setHandshakeBytes(40_000))
        #expect(server.table.figures.heldBytes == (40_000 + 8000) * 5 / 4)
        connection.channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        #expect(server.table.figures.heldBytes == 0)
        #expect(connection.handler.idleSince != nil)
        connection.send("GET")
        #expect(server.table.figures.heldBytes == (3 * 3 + 8000 + 45_000) * 5 / 4)
        connection.send(" /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
        #expect(server.table.figures.heldBytes == 0)
        #expect(try connection.received() == ok("GET /a "))
    }

    // MARK: Refused connections

    @Test(arguments: [get("/a"), get("/a") + get("/b"), "GET /a HTTP/1.1\r\n\r\n", post("/stream", "abc")])
    func `a connection over the limit gets a response and is closed`(_ bytes: String) throws {
        let server = TestServer()
        let connection = try server.connect(refusal: .tooManyConnections)
        connection.send(bytes)
        #expect(try connection.received() == TestConnection.response("503 Service Unavailable", "refused -", closes: true))
        #expect(server.responder.rejections == [.tooManyConnections])
        #expect(server.responder.heads == [])
        #expect(connection.wire.isOutputClosed)
        connection.tick(late: .seconds(2))
        #expect(!connection.isOpen)
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 1, refused: 1))
    }

    @Test func `a connection over the limit has a short time for its request`() throws {
        let server = TestServer()
        for bytes in ["", "GET"] {
            let connection = try server.connect(refusal: .tooManyConnections)
            if !bytes.isEmpty { connection.send(bytes) }
            connection.tick(early: .seconds(1))
            #expect(connection.isOpen && !connection.wire.isOutputClosed)
            connection.tick(late: .seconds(3))
            #expect(connection.wire.isOutputClosed)
            connection.tick(late: .seconds(10))
            #expect(!connection.isOpen)
        }
        #expect(server.table.figures == ConnectionTable.Figures(accepted: 2, refused: 2))
    }
}
