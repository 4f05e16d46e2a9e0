// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PosternTestSupport
import RuleFiles
import Testing
import WireFormats

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct RequestInfoTests {
    private let service: TestService

    init() async throws {
        service = try await TestService()
    }

    private func info(_ fields: HTTPHeaders, from peer: String? = "10.1.2.3", trusted: [String] = ["10.0.0.0/8"]) throws
        -> RequestInfo
    {
        let address = try peer.map { PeerAddress(try SocketAddress(ipAddress: $0, port: 1)) } ?? nil
        let head = RequestHead(method: .GET, target: "/", fields: fields, peer: address, date: .january2027)
        let snapshot = try service.snapshot { $0.trustedProxies = try trusted.map { try AddressRange.parse($0) } }
        return RequestInfo(head, snapshot: snapshot, random: RandomPool())
    }

    @Test(arguments: ["a", "0193-ab", "Root=1-67891233-abcdef012345678912345678", "a/b_c.d", String(repeating: "x", count: 128)])
    func `a trusted proxy sets the request id`(id: String) throws {
        #expect(try info(["X-Request-Id": id]).requestID == id)
        #expect(try info(["X-Request-Id": id], from: "203.0.113.9").requestID != id)
        #expect(try info(["X-Request-Id": id], from: nil).requestID != id)
        #expect(try info(["X-Request-Id": id], trusted: []).requestID != id)
    }

    @Test(arguments: [
        "", "a b", "a\tb", "a\"b", "a\\b", "é", "a{b", "a,b", String(repeating: "x", count: 129), "a\u{0}",
    ])
    func `a request id with other characters, or too many, is replaced`(id: String) throws {
        #expect(try info(["X-Request-Id": id]).requestID.utf8.count == 32)
    }

    @Test func `several request ids are replaced`() throws {
        #expect(
            try info(
                [("X-Request-Id", "a"), ("X-Request-Id", "b")].reduce(into: HTTPHeaders()) { $0.add(name: $1.0, value: $1.1) }
            )
            .requestID.utf8.count == 32)
    }

    @Test func `request ids are 32 hexadecimal digits and differ`() throws {
        let random = RandomPool()
        let ids = (0..<1000).map { _ in random.makeRequestID() }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) } })
    }

    @Test func `a block of random words is returned once`() {
        let random = RandomPool()
        // Two blocks and a half.
        let words = (0..<640).map { _ in random.next() }
        #expect(Set(words).count == 640 && !words.contains(0))
    }

    @Test func `X-Forwarded-For counts only from trusted proxies`() throws {
        #expect(try info(["X-Forwarded-For": "198.51.100.7"]).client.address == "198.51.100.7")
        #expect(try info(["X-Forwarded-For": "198.51.100.7"], from: "203.0.113.9").client.address == "203.0.113.9")
        #expect(try info(["X-Forwarded-For": "198.51.100.7"], trusted: []).client.address == "10.1.2.3")
        #expect(try info(["X-Forwarded-For": "198.51.100.7"], from: nil).client.address == "-")
    }

    @Test(arguments: [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "fe-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what the future will be like",
    ])
    func `the trace of a request is read`(text: String) throws {
        let trace = try #require(try info(["Traceparent": text]).traceParent)
        #expect(trace.traceID == "0af7651916cd43dd8448eb211c80319c" && trace.parentID == "b7ad6b7169203331")
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-010", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333x-01",
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01", " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319\u{e9}-b7ad6b7169203331-01", "00-af7651916cd43dd8448eb211c80319c-0b7ad6b7169203331-01",
    ])
    func `an invalid traceparent is ignored`(text: String) throws {
        #expect(try info(["traceparent": text]).traceParent == nil)
    }

    @Test func `several traceparents are ignored`() throws {
        var fields = HTTPHeaders()
        for _ in 0..<2 { fields.add(name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") }
        #expect(try info(fields).traceParent == nil)
    }

    @Test func `all values of Authorization and Origin are read`() throws {
        var fields = HTTPHeaders()
        for (name, value) in [("authorization", "Bearer a"), ("Authorization", "Bearer b"), ("ORIGIN", "https://a.example")] {
            fields.add(name: name, value: value)
        }
        let info = try info(fields)
        #expect(info.authorization == ["Bearer a", "Bearer b"])
        #expect(info.origin == "https://a.example" && info.time == .january2027)
        fields.add(name: "Origin", value: "https://b.example")
        let second = try self.info(fields)
        #expect(second.origins == ["https://a.example", "https://b.example"] && second.origin == "https://a.example")
    }
}
