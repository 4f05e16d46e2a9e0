// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import HTTPServer

private func head(
    _ fields: [(String, String)] = [("Host", "a.example")], method: HTTPMethod = .GET, target: String = "/",
    version: HTTPVersion = .http1_1
) -> HTTPRequestHead {
    HTTPRequestHead(version: version, method: method, uri: target, headers: HTTPHeaders(fields))
}

private func framed(_ fields: (String, String)..., version: HTTPVersion = .http1_1) -> HTTPRequestHead {
    head([("Host", "a.example")] + fields, method: .POST, version: version)
}

/// - Returns: nil for a head that is well formed
private func rejection(_ head: HTTPRequestHead, limits: ConnectionLimits = ConnectionLimits()) -> Rejection? {
    do {
        _ = try HeadCheck(head, limits: limits)
        return nil
    } catch {
        return error.rejection
    }
}

private func isMalformed(_ rejection: Rejection?, _ word: String) -> Bool {
    guard case .malformed(let text) = rejection else { return false }
    return text.contains(word)
}

struct HeadCheckTests {
    // MARK: Host

    private static let hosts = [
        "a", "a.example", "A.EXAMPLE", "a-b.example", "a_b", "~a", "a.example.", "127.0.0.1", "1", "xn--bcher-kva.example",
        "[::1]", "[2001:DB8::1]", "[::ffff:10.0.0.1]",
    ]
    private static let ports = ["", ":", ":0", ":80", ":8080", ":65535", ":00080"]

    @Test(arguments: hosts, ports)
    func `a host is a name or an address, with or without a port`(_ host: String, _ port: String) {
        #expect(HeadCheck.isHost(host + port))
        #expect(rejection(head([("host", host + port)])) == nil)
        #expect(rejection(head([("HOST", host + port)], version: .http1_0)) == nil)
    }

    @Test(arguments: [
        "", " ", ":", ":80", "a b", " a", "\ta", "a\t b", "a,b", "a;b", "a/b", "a?b", "a#b", "a@b", "user:pass@a", "a\\b", "a\"",
        "a%20", "a%2eexample", "bücher.example", "a`", "a{", "a|", "a^", "a+b", "a*", "a!", "a$", "a&b", "a'b", "a(b)", "a=b",
        "a\u{7f}",
        "a\u{0}", "a:b", "a:8 0", "a: 80", "a:-1", "a:+1", "a:65536", "a:99999", "a:100000", "a:000080", "a:80:80", "a::", "a:٣",
        "[", "]", "[]", "[::1", "::1", "[::1]]", "[::1]x", "[::1]80", "[[::1]]", "[1]", "[a]", "[a.example]", "[::g]",
        "[::1%25eth0]", "[::1%eth0]", "[v1.a:b]", "[: :]", "[::1]:65536", "[::1]:a", "http://a", "a[::1]",
    ])
    func `any other host is refused`(_ text: String) {
        #expect(!HeadCheck.isHost(text))
        #expect(isMalformed(rejection(head([("Host", text)])), "Host"))
        #expect(isMalformed(rejection(head([("Host", text)], version: .http1_0)), "Host"))
    }

    @Test(arguments: [
        ([], HTTPVersion.http1_1, false), ([], .http1_0, true), (["a"], .http1_1, true), (["a"], .http1_0, true),
        (["a", "a"], .http1_1, false), (["a", "b"], .http1_1, false), (["a", "a"], .http1_0, false),
        (["", "a"], .http1_1, false),
    ])
    func `a request has exactly one host`(_ hosts: [String], _ version: HTTPVersion, _ isGood: Bool) {
        let found = rejection(head(hosts.map { ("Host", $0) }, version: version))
        #expect(isGood ? found == nil : isMalformed(found, "Host"))
    }

    // MARK: Framing

    @Test(arguments: ["chunked", "Chunked", "CHUNKED"])
    func `a body may be chunked`(_ value: String) throws {
        let check = try HeadCheck(framed(("Transfer-Encoding", value)), limits: ConnectionLimits())
        #expect(check == HeadCheck(expectsContinue: false, contentLength: nil, persistence: .persists))
        #expect(rejection(framed(("transfer-encoding", value))) == nil)
        #expect(isMalformed(rejection(framed(("Transfer-Encoding", value), version: .http1_0)), "Transfer-Encoding"))
    }

    @Test(arguments: [
        "", " ", "gzip", "identity", "gzip, chunked", "gzip,chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked",
        " chunked", "\tchunked", "chunked;q=1", "\"chunked\"", "chunke", "chunkedd", "xchunked", "chun\u{0}ked",
        "trailers",
        "\u{03}hunked", "chunke\u{04}",
    ])
    func `no other transfer coding is accepted`(_ value: String) {
        #expect(isMalformed(rejection(framed(("Transfer-Encoding", value))), "Transfer-Encoding"))
        #expect(
            isMalformed(rejection(framed(("Transfer-Encoding", "chunked"), ("Transfer-Encoding", value))), "Transfer-Encoding"))
    }

    @Test(arguments: [("0", 0), ("1", 1), ("00", 0), ("007", 7), ("9223372036854775807", Int.max)])
    func `a length is a number`(_ value: String, _ length: Int) throws {
        let check = try HeadCheck(framed(("content-LENGTH", value)), limits: ConnectionLimits())
        #expect(check == HeadCheck(expectsContinue: false, contentLength: length, persistence: .persists))
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "-0", " 1", "\t1", "1,1", "1, 1", "1.0", "0x10", "1e3", "1_000", "abc", "١",
        "9223372036854775808",
        "99999999999999999999999", "1\u{0}", "1;1", "\"1\"",
    ])
    func `any other length is refused`(_ value: String) {
        #expect(isMalformed(rejection(framed(("Content-Length", value))), "Content-Length"))
        #expect(isMalformed(rejection(framed(("Content-Length", value), version: .http1_0)), "Content-Length"))
    }

    /// llhttp leaves it there.
    @Test(arguments: [" ", "\t", "  ", " \t ", "\t\t"])
    func `white space after a value is not part of it`(_ space: String) throws {
        let limits = ConnectionLimits()
        let fields = [("Host", "a.example:80"), ("Content-Length", "5"), ("Expect", "100-continue")]
        let check = try HeadCheck(head(fields.map { ($0, $1 + space) }), limits: limits)
        #expect(check == HeadCheck(expectsContinue: true, contentLength: 5, persistence: .persists))
        #expect(rejection(framed(("Transfer-Encoding", "chunked" + space))) == nil)
        #expect(isMalformed(rejection(framed(("Content-Length", space))), "Content-Length"))
        #expect(isMalformed(rejection(framed(("Transfer-Encoding", space))), "Transfer-Encoding"))
        #expect(isMalformed(rejection(head([("Host", space)])), "Host"))
    }

    @Test(arguments: [
        [("Content-Length", "1"), ("Content-Length", "1")], [("Content-Length", "1"), ("Content-Length", "2")],
        [("Content-Length", "0"), ("Transfer-Encoding", "chunked")], [("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("content-length", "1"), ("CONTENT-LENGTH", "1")],
    ])
    func `a body is framed in one way and once`(_ fields: [(String, String)]) {
        #expect(isMalformed(rejection(head([("Host", "a")] + fields)), "either Content-Length or Transfer-Encoding"))
    }

    @Test(arguments: [
        ("Content-Length-", "x"), ("Content_Length", "x"), ("XContent-Length", "x"), ("Transfer_Encoding", "gzip"),
        ("X-Transfer-Encoding", "gzip"), ("Hosts", ""), ("Hos", ""), ("host-", ""),
    ])
    func `only the framing fields themselves count`(_ name: String, _ value: String) {
        #expect(rejection(framed((name, value))) == nil)
    }

    // MARK: The request line

    @Test(arguments: [
        HTTPMethod.GET, .HEAD, .POST, .PUT, .DELETE, .OPTIONS, .PATCH, .TRACE, .MKCOL, .RAW(value: "BREW"),
        .RAW(value: "connect"),
    ])
    func `any method but CONNECT is left to the routes`(_ method: HTTPMethod) {
        #expect(rejection(head(method: method)) == nil)
        #expect(isMalformed(rejection(head(method: .CONNECT)), "CONNECT"))
        #expect(isMalformed(rejection(head(method: .RAW(value: "CONNECT"))), "CONNECT"))
    }

    @Test(arguments: ["/", "*", "/a/b?c=d", "//a", "/%zz", "/a#b", "/?", "/!\"$&'()*+,-.:;<=>@[\\]^_`{|}~", "/../.."])
    func `a target is a path, unchanged`(_ target: String) {
        #expect(rejection(head(target: target)) == nil)
    }

    @Test(arguments: [
        "", "a", "a/b", "http://a/", "https://a.example/b", "a:443", "?a", "**", "*/", "/a b", "/a\t", "/a\u{7f}", "/ü",
        "/a\u{0}", " /",
        "/a\r", "/a\n",
    ])
    func `any other target is refused`(_ target: String) {
        #expect(isMalformed(rejection(head(target: target)), "target"))
    }

    @Test func `a target has a maximum length`() {
        var limits = ConnectionLimits()
        limits.maxTargetBytes = 10
        #expect(rejection(head(target: "/" + String(repeating: "a", count: 9)), limits: limits) == nil)
        #expect(rejection(head(target: "/" + String(repeating: "a", count: 10)), limits: limits) == .targetTooLong(limit: 10))
        #expect(rejection(head(target: String(repeating: "ä", count: 6)), limits: limits) == .targetTooLong(limit: 10))
    }

    @Test(arguments: [(0, 9, false), (1, 0, true), (1, 1, true), (1, 2, true), (2, 0, false), (3, 0, false)])
    func `HTTP/1.0 and HTTP/1.1 are supported`(_ major: Int, _ minor: Int, _ isGood: Bool) {
        let found = rejection(head(version: HTTPVersion(major: major, minor: minor)))
        #expect(isGood ? found == nil : isMalformed(found, "HTTP/1.1"))
    }

    // MARK: Expect

    @Test(arguments: [
        (["100-continue"], HTTPVersion.http1_1, true), (["100-Continue"], .http1_1, true), (["100-continue"], .http1_0, false),
        ([], .http1_1, false), ([""], .http1_1, false), (["100"], .http1_1, false), (["200-ok"], .http1_1, false),
        (["100-continue, a"], .http1_1, false), (["100-continue", "100-continue"], .http1_1, true),
    ])
    func `a client may expect 100 Continue`(_ values: [String], _ version: HTTPVersion, _ isExpected: Bool) throws {
        let fields = [("Host", "a"), ("Content-Length", "3")] + values.map { ("Expect", $0) }
        #expect(try HeadCheck(head(fields, version: version), limits: ConnectionLimits()).expectsContinue == isExpected)
    }

    // MARK: Persistence

    @Test(arguments: [
        // Connection, Proxy-Connection, Upgrade
        ([], [], [], Persistence.persists),
        ([], [], ["h2c"], .persists),
        (["keep-alive"], [], [], .persists),
        (["Keep-Alive, TE"], [], ["h2c"], .persists),
        (["upgrade"], [], [], .persists),
        ([], ["upgrade"], [], .persists),
        ([], ["keep-alive"], ["h2c"], .persists),
        (["\tkeep-alive"], [], ["h2c"], .persists),
        ([""], [""], [""], .persists),
        (["Upgrade"], [], ["h2c"], .persistsAfterOffer),
        (["upgrade"], [], ["a/1, b"], .persistsAfterOffer),
        (["keep-alive, UPGRADE"], [], ["h2c"], .persistsAfterOffer),
        (["Upgrade,HTTP2-Settings"], [], ["h2c"], .persistsAfterOffer),
        ([" upgrade "], [], ["h2c"], .persistsAfterOffer),
        ([",upgrade,,"], [], ["h2c"], .persistsAfterOffer),
        (["keep-alive", "upgrade"], [], ["h2c"], .persistsAfterOffer),
        (["upgrade", "upgrade"], [], ["h2c", "a"], .persistsAfterOffer),
        (["upgrade"], ["keep-alive"], ["h2c"], .persistsAfterOffer),
        (["close"], [], [], .closes),
        (["Close"], [], ["h2c"], .closes),
        (["closed"], [], [], .closes),
        (["keep-alive, close"], [], [], .closes),
        (["keep-alive", "close"], [], [], .closes),
        (["close, upgrade"], [], ["h2c"], .closes),
        ([], ["close"], [], .closes),
        ([], ["Upgrade"], ["h2c"], .closes),
        (["upgrade"], ["upgrade"], ["h2c"], .closes),
        (["upgrade"], ["close"], ["h2c"], .closes),
        (["upgrade\t"], [], ["h2c"], .closes),
        (["\tupgrade"], [], ["h2c"], .closes),
        (["keep-alive,\tupgrade"], [], ["h2c"], .closes),
        (["upgrade", "\tkeep-alive"], [], ["h2c"], .closes),
        (["upgrade"], [], [""], .closes),
        (["upgrade"], [], ["h2c", ""], .closes),
        (["upgrades"], [], ["h2c"], .closes),
        (["x-upgrade"], [], ["h2c"], .closes),
        (["upgrade;q=1"], [], ["h2c"], .closes),
        (["upgrade keep-alive"], [], ["h2c"], .closes),
        (["upgrade, x-upgrade"], [], ["h2c"], .closes),
    ])
    func `the connection stays open only if the next request's beginning is certain`(
        _ connection: [String], _ proxyConnection: [String], _ upgrades: [String], _ expected: Persistence
    ) {
        let found = Persistence(
            isKeepAlive: true, connection: connection, proxyConnection: proxyConnection, upgrades: upgrades)
        #expect(found == expected)
        let closing = Persistence(
            isKeepAlive: false, connection: connection, proxyConnection: proxyConnection, upgrades: upgrades)
        #expect(closing == .closes)
    }

    @Test(arguments: [
        ([], HTTPVersion.http1_1, Persistence.persists), ([], .http1_0, .closes),
        ([("Connection", "keep-alive")], .http1_0, .closes),
        ([("Connection", "close")], .http1_1, .closes),
        ([("connection", "Upgrade"), ("UPGRADE", "h2c")], .http1_1, .persistsAfterOffer),
        ([("Proxy-Connection", "close")], .http1_1, .closes), ([("Proxy-Connection", "keep-alive")], .http1_1, .persists),
        ([("Upgrade", "h2c")], .http1_1, .persists), ([("X-Connection", "close")], .http1_1, .persists),
        ([("Connection", "upgrade"), ("Upgrade", "h2c")], .http1_0, .closes),
    ])
    func `the head decides whether the connection stays open`(
        _ fields: [(String, String)], _ version: HTTPVersion, _ expected: Persistence
    ) throws {
        let check = try HeadCheck(head([("Host", "a")] + fields, version: version), limits: ConnectionLimits())
        #expect(check == HeadCheck(expectsContinue: false, contentLength: nil, persistence: expected))
    }
}

extension HeadCheck {
    fileprivate init(expectsContinue: Bool, contentLength: Int?, persistence: Persistence) {
        self = Self.plain
        self.expectsContinue = expectsContinue
        self.contentLength = contentLength
        self.persistence = persistence
    }

    private static var plain: HeadCheck {
        guard let check = try? HeadCheck(head(), limits: ConnectionLimits()) else { preconditionFailure() }
        return check
    }
}
