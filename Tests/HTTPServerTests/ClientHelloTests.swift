// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import HTTPServer

/// A ClientHello (RFC 8446, section 4.1.2) in one record.
private struct Hello {
    var version: [UInt8] = [3, 1]
    var session: [UInt8] = []
    var suites: [UInt8] = [0x13, 0x01]
    var compressions: [UInt8] = [0]
    /// Nil where the extensions are left out, as in old hellos.
    var extensions: [(type: Int, content: [UInt8])]? = []
    /// Of the handshake message.
    var type: UInt8 = 1

    /// The protocols offered by ALPN (RFC 7301, section 3.1), among other extensions.
    static func offering(_ names: [String]) -> Hello {
        var hello = Hello()
        hello.extensions = [server("a.example"), alpn(names), (43, [2, 3, 4])]
        return hello
    }

    static func alpn(_ names: [String]) -> (type: Int, content: [UInt8]) {
        (16, vector(2, names.flatMap { vector(1, Array($0.utf8)) }))
    }

    static func server(_ name: String) -> (type: Int, content: [UInt8]) {
        (0, vector(2, [0] + vector(2, Array(name.utf8))))
    }

    /// Bytes behind their length, which has `size` bytes.
    static func vector(_ size: Int, _ bytes: [UInt8]) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    var body: [UInt8] {
        var bytes: [UInt8] = [3, 3]
        bytes += (0..<32).map { UInt8($0) }
        bytes += Self.vector(1, session) + Self.vector(2, suites) + Self.vector(1, compressions)
        if let extensions {
            bytes += Self.vector(
                2, extensions.flatMap { [UInt8($0.type >> 8), UInt8($0.type & 0xff)] + Self.vector(2, $0.content) })
        }
        return bytes
    }

    var message: [UInt8] { [type] + Self.vector(3, body) }

    var bytes: [UInt8] { [0x16] + version + Self.vector(2, message) }
}

private func finding(_ bytes: [UInt8]) -> ClientHello.Result {
    var hello = ClientHello()
    return hello.append(bytes)
}

struct ClientHelloTests {
    @Test(arguments: [
        (["http/1.1"], ClientHello.Result.offersHTTP1), (["h2", "http/1.1"], .offersHTTP1), (["http/1.1", "h2"], .offersHTTP1),
        (["h2"], .offersOnlyOthers), (["http/1.0"], .offersOnlyOthers), (["HTTP/1.1"], .offersOnlyOthers),
        (["http/1.1 "], .offersOnlyOthers), (["http/1"], .offersOnlyOthers), (["\u{0a}\u{0a}", "h2"], .offersOnlyOthers),
        (["\u{1a}\u{1a}", "h2", "http/1.1"], .offersHTTP1), (["", "http/1.1"], .offersHTTP1),
    ])
    func `the offered protocols are read`(_ names: [String], _ expected: ClientHello.Result) {
        var hello = Hello.offering(names)
        #expect(finding(hello.bytes) == expected)
        hello.version = [3, 0]
        hello.session = [UInt8](repeating: 7, count: 32)
        hello.suites = (0..<200).map { UInt8($0) }
        #expect(finding(hello.bytes) == expected)
        // GREASE (RFC 8701) before and behind.
        hello.extensions = [(0x0a0a, []), (0x1a1a, [0])] + (hello.extensions ?? []) + [(0xfafa, [1, 2, 3])]
        #expect(finding(hello.bytes) == expected)
        // What follows the record does not count.
        #expect(finding(hello.bytes + [0x16, 3, 1]) == expected)
    }

    @Test func `a long list of protocols is read to its end`() {
        let names = (0..<2000).map { "h\($0)" }
        #expect(finding(Hello.offering(names).bytes) == .offersOnlyOthers)
        #expect(finding(Hello.offering(names + ["http/1.1"]).bytes) == .offersHTTP1)
    }

    @Test func `without an offer any protocol is accepted`() {
        var hello = Hello()
        #expect(finding(hello.bytes) == .offersHTTP1)
        hello.extensions = [Hello.server("a.example"), (0x0a0a, []), (43, [2, 3, 4])]
        #expect(finding(hello.bytes) == .offersHTTP1)
        hello.extensions = nil
        #expect(finding(hello.bytes) == .offersHTTP1)
    }

    @Test(arguments: [["http/1.1"], ["h2"], ["h2", "http/1.1"], []])
    func `a hello in several pieces is read when it is complete`(_ names: [String]) {
        let bytes = Hello.offering(names).bytes
        let whole = finding(bytes)
        #expect(whole != .incomplete)
        var dripped = ClientHello()
        for (place, byte) in bytes.enumerated() {
            #expect(dripped.append([byte]) == (place == bytes.count - 1 ? whole : .incomplete))
        }
        #expect(dripped.bytes == bytes)
        for place in 0..<bytes.count {
            #expect(finding(Array(bytes[..<place])) == .incomplete)
            var split = ClientHello()
            #expect(split.append(bytes[..<place]) == .incomplete)
            #expect(split.append(bytes[place...]) == whole)
        }
    }

    /// Each length says that the hello ends there.
    @Test func `a truncated hello is left to TLS`() {
        let whole = Hello.offering(["h2"])
        for count in 0..<whole.message.count {
            let bytes = [0x16, 3, 1] + Hello.vector(2, Array(whole.message.prefix(count)))
            #expect(finding(bytes) == .unknown, "a message of \(count) bytes")
        }
        for count in 0..<whole.body.count {
            let bytes = [0x16, 3, 1] + Hello.vector(2, [1] + Hello.vector(3, Array(whole.body.prefix(count))))
            // Nothing can be told before the extensions; with fewer than they say there are none.
            let hasBeginning = count >= 2 + 32 + 1 + 4 + 2
            #expect(finding(bytes) == (hasBeginning ? .offersHTTP1 : .unknown), "a body of \(count) bytes")
        }
    }

    @Test(
        arguments: [
            [0x15, 3, 1, 0, 2, 1, 0], [0x17, 3, 3, 0, 1, 0], [0x16, 2, 0, 0, 1, 1], [0x16, 3, 1, 0xff, 0xff],
            [0x16, 3, 1, 0x40, 0x01], [0x16, 3, 1, 0, 0],
            [0x80, 0x2e, 1, 3, 1], Array("GET / HTTP/1.1\r\n".utf8), [0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `bytes that are no hello in one record are left to TLS`(_ bytes: [UInt8]) {
        #expect(finding(bytes) == .unknown)
    }

    @Test func `a malformed hello is left to TLS`() {
        var hello = Hello.offering(["h2"])
        hello.type = 2
        #expect(finding(hello.bytes) == .unknown)
        hello = Hello()
        hello.extensions = [(16, [])]
        #expect(finding(hello.bytes) == .unknown)
        hello.extensions = [(16, [0, 5, 3, 0x68, 0x32])]
        #expect(finding(hello.bytes) == .unknown)
        hello.extensions = [(16, [0, 3, 9, 0x68, 0x32])]
        #expect(finding(hello.bytes) == .unknown)
        // The whole hello in two records.
        let message = Hello.offering(["h2"]).message
        let records =
            [0x16, 3, 1] + Hello.vector(2, Array(message.prefix(20))) + [0x16, 3, 1]
            + Hello.vector(2, Array(message.dropFirst(20)))
        #expect(finding(records) == .unknown)
    }

    @Test func `the largest record is read, and no larger one`() {
        let rest = 16_384 - Hello.offering(["h2"]).message.count - 4
        var hello = Hello.offering(["h2"])
        hello.extensions = [(21, [UInt8](repeating: 0, count: rest))] + (hello.extensions ?? [])
        #expect(hello.message.count == 16_384)
        #expect(finding(hello.bytes) == .offersOnlyOthers)
        hello.extensions?[0].content.append(0)
        #expect(finding(hello.bytes) == .unknown)
        #expect(finding(Array(hello.bytes.prefix(5))) == .unknown)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `random bytes do no harm`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let hellos = [["http/1.1"], ["h2"], ["h2", "http/1.1"], []].map { Hello.offering($0).bytes }
        var findings: [ClientHello.Result] = []
        for number in 0..<10_000 {
            var bytes: [UInt8]
            if number.isMultiple(of: 4) {
                bytes = (0..<Int.random(in: 0...100, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                if number.isMultiple(of: 8) {
                    bytes = [0x16, 3, 1, 0, UInt8.random(in: 0...90, using: &random), 1, 0, 0, 70] + bytes
                }
            } else {
                bytes = hellos[Int.random(in: 0..<hellos.count, using: &random)]
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.remove(at: place)
                    default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                    }
                }
            }
            let whole = finding(bytes)
            findings.append(whole)
            // The first finding of pieces is that of the whole.
            var hello = ClientHello()
            var rest = bytes[...]
            var found = ClientHello.Result.incomplete
            while found == .incomplete, !rest.isEmpty {
                let count = Int.random(in: 1...20, using: &random)
                found = hello.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(found == whole)
        }
        for expected in [ClientHello.Result.incomplete, .offersHTTP1, .offersOnlyOthers, .unknown] {
            #expect(findings.contains(expected))
        }
    }
}
