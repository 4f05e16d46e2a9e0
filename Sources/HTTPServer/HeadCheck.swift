// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import WireFormats

/// The framing of a request, checked and read from its head.
struct HeadCheck: Equatable {
    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue = false
    /// `Content-Length`; nil if there is none.
    var contentLength: Int?
    /// What happens to the connection after the request.
    var persistence = Persistence.persists

    /// Refuses requests that are not for an origin server, and those that two parsers could frame differently (RFC 9112,
    /// sections 3.2, 5 and 6).
    init(_ head: HTTPRequestHead, limits: ConnectionLimits) throws(RejectionError) {
        guard head.version.major == 1 else { throw .init(.malformed("Only HTTP/1.1 and HTTP/1.0 are supported.")) }
        guard head.method != .CONNECT else { throw .init(.malformed("CONNECT is not supported: this is not a proxy.")) }
        guard head.uri.utf8.count <= limits.maxTargetBytes else {
            throw .init(.targetTooLong(limit: limits.maxTargetBytes))
        }
        guard head.uri.utf8.first == UInt8(ascii: "/") || head.uri == "*", head.uri.allBytes({ $0.isVisibleASCII })
        else { throw .init(.malformed("The request target must be a path that starts with '/', in ASCII.")) }

        var hosts = 0
        var transferEncodings = 0
        var contentLengths = 0
        var upgrades: [String] = []
        var connection: [String] = []
        var proxyConnection: [String] = []
        for (name, untrimmed) in head.headers {
            let value = untrimmed.trimmingWhitespace()
            switch name.utf8.count {
            case 4 where name.isField("host"):
                hosts += 1
                guard Self.isHost(value) else {
                    throw .init(.malformed("The Host header field must be a host name or an address, with or without a port."))
                }
            case 17 where name.isField("transfer-encoding"):
                transferEncodings += 1
                guard value.isField("chunked"), head.version.minor > 0 else {
                    throw .init(.malformed("The only supported Transfer-Encoding is 'chunked', in HTTP/1.1."))
                }
            case 14 where name.isField("content-length"):
                contentLengths += 1
                guard value.utf8.allSatisfy({ $0.isASCIIDigit }), let bytes = Int(value) else {
                    throw .init(.malformed("Content-Length must be a number of bytes."))
                }
                contentLength = bytes
            case 6 where name.isField("expect"):
                // RFC 9110, section 10.1.1: not to be sent to a client of HTTP/1.0.
                expectsContinue = value.isField("100-continue") && head.version.minor > 0
            case 7 where name.isField("upgrade"):
                upgrades.append(value)
            case 10 where name.isField("connection"):
                connection.append(untrimmed)
            // llhttp treats it as Connection; no standard does.
            case 16 where name.isField("proxy-connection"):
                proxyConnection.append(untrimmed)
            default: break
            }
        }
        guard hosts == 1 || hosts == 0 && head.version.minor == 0 else {
            throw .init(.malformed("Exactly one Host header field is required; this request has \(hosts)."))
        }
        guard transferEncodings <= 1, contentLengths <= 1, transferEncodings + contentLengths <= 1 else {
            throw .init(.malformed("Send either Content-Length or Transfer-Encoding, and send it once."))
        }
        persistence = Persistence(
            // Connections of HTTP/1.0 always close: hardly any client could reuse them.
            isKeepAlive: head.isKeepAlive && head.version.minor > 0, connection: connection, proxyConnection: proxyConnection,
            upgrades: upgrades)
    }

    /// `uri-host [ ":" port ]` of RFC 3986, section 3.2.2, without percent escapes: a name, an IPv4 or a bracketed IPv6 address.
    static func isHost(_ text: String) -> Bool {
        // Not over `utf8`, whose indices cost several times as much.
        text.utf8.withContiguousStorageIfAvailable(isHost) ?? Array(text.utf8).withUnsafeBufferPointer(isHost)
    }

    private static func isHost(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var rest = text[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[(rest.startIndex + 1)..<end]
            guard address.contains(UInt8(ascii: ":")),
                address.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return false }
            rest = rest[(end + 1)...]
        } else {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            guard end > rest.startIndex, rest[..<end].allSatisfy(isNameByte) else { return false }
            rest = rest[end...]
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        return colon == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
            && port.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    /// RFC 3986, unreserved characters.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) && byte != 0x60
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }
}

/// Whether a connection persists after a request, by `Connection`, `Proxy-Connection` and `Upgrade`.
///
/// NIO's decoder (llhttp) stops after an offer of another protocol, and has to be replaced. After any other request it must not
/// be replaced, since it may hold the beginning of the next one. The connection therefore persists only if it is certain how
/// llhttp interprets these fields.
enum Persistence: Equatable {
    case persists
    /// The connection persists, and llhttp stops after this request (RFC 9110, section 7.8).
    case persistsAfterOffer
    case closes

    init(isKeepAlive: Bool, connection: [String], proxyConnection: [String], upgrades: [String]) {
        guard isKeepAlive else {
            self = .closes
            return
        }
        guard !connection.isEmpty || !proxyConnection.isEmpty else {
            self = .persists
            return
        }
        let values = (connection + proxyConnection).map { $0.lowercased() }
        func isMentioned(_ word: String) -> Bool { values.contains { $0.contains(word) } }
        guard isMentioned("close") || isMentioned("upgrade") && !upgrades.isEmpty else {
            self = .persists
            return
        }
        let options = connection.flatMap { $0.lowercased().split(separator: ",").map(Self.trimmed) }
        let isPlain =
            !connection.contains { $0.utf8.contains(UInt8(ascii: "\t")) } && !upgrades.contains("")
            && options.allSatisfy { $0 == "upgrade" || !$0.contains("upgrade") && !$0.contains("close") }
            && proxyConnection.allSatisfy { !$0.lowercased().contains("upgrade") && !$0.lowercased().contains("close") }
        self = isPlain && options.contains("upgrade") ? .persistsAfterOffer : .closes
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// An error that carries a ``Rejection``.
struct RejectionError: Error {
    let rejection: Rejection

    init(_ rejection: Rejection) {
        self.rejection = rejection
    }
}
