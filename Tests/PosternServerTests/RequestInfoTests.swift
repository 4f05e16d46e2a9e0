// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PosternTestSupport
import Testing
import WireFormats

@testable import PosternServer

struct RequestInfoTests {
    private func info(_ fields: HTTPHeaders, peer: String = "10.0.0.9", trusted: [String] = ["10.0.0.0/8"]) async throws
        -> RequestInfo
    {
        let head = RequestHead(
            method: .GET, target: "/v1/rules", fields: fields, peer: PeerAddress(try SocketAddress(ipAddress: peer, port: 1)),
            date: .january2027)
        return RequestInfo(
            head, snapshot: try await TestService().state.current, trustedProxies: try trusted.map(AddressRange.parse),
            random: RandomPool())
    }

    @Test func `every value of Authorization and Origin is read, in order`() async throws {
        let info = try await info([
            "Authorization": "Bearer a", "Origin": "https://a.example", "authorization": "Bearer b",
            "ORIGIN": "https://b.example",
        ])
        #expect(info.authorization == ["Bearer a", "Bearer b"])
        #expect(info.origins == ["https://a.example", "https://b.example"] && info.origin == "https://a.example")
        #expect(info.time == .january2027)
    }

    @Test(arguments: ["a", "0Az-_.=/", String(repeating: "x", count: 128)])
    func `a trusted proxy gives the request its id`(_ id: String) async throws {
        #expect(try await info(["X-Request-Id": id]).requestID == id)
    }

    @Test(arguments: ["", "a b", "a\"b", "é", "a,b", String(repeating: "x", count: 129)])
    func `an id that could not be logged as it is is replaced`(_ id: String) async throws {
        try expectOwnID(try await info(["X-Request-Id": id]))
    }

    @Test func `an id is replaced if it is given twice, or not by a trusted proxy`() async throws {
        try expectOwnID(try await info(["X-Request-Id": "a", "x-request-id": "a"]))
        try expectOwnID(try await info(["X-Request-Id": "a"], peer: "203.0.113.9"))
        try expectOwnID(try await info(["X-Request-Id": "a"], trusted: []))
        try expectOwnID(try await info([:]))
    }

    private func expectOwnID(_ info: RequestInfo) throws {
        #expect(info.requestID.count == 32 && info.requestID.allSatisfy { "0123456789abcdef".contains($0) })
    }

    @Test func `X-Forwarded-For counts only from a trusted proxy`() async throws {
        let fields: HTTPHeaders = ["X-Forwarded-For": "198.51.100.7"]
        #expect(try await info(fields).client.address == "198.51.100.7")
        #expect(try await info(fields, peer: "203.0.113.9").client.address == "203.0.113.9")
        #expect(try await info(fields, trusted: []).client.address == "10.0.0.9")
    }

    @Test func `request ids differ`() {
        let random = RandomPool()
        #expect(Set((0..<1000).map { _ in random.makeRequestID() }).count == 1000)
    }
}
