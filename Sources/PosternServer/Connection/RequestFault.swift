// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Why a request is answered at the gate, before any route sees it.
enum RequestFault: Equatable {
    case malformed(String)
    case headersTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    case timedOut(seconds: Int64)

    var problem: Problem {
        switch self {
        case .malformed(let detail):
            Problem(.invalidRequest, detail: detail)
        case .headersTooLarge(let limit):
            Problem(
                .headersTooLarge,
                detail: "The request line or the header fields are too large: send at most \(limit) bytes of header fields.")
        case .bodyTooLarge(let limit):
            Problem(
                .bodyTooLarge, detail: "The body is too large: send at most \(limit) bytes.", extras: [.int("maxBytes", limit)])
        case .timedOut(let seconds):
            Problem(.requestTimeout, detail: "The request was not complete within \(seconds) s: send it again, in one piece.")
        }
    }

    /// The fault of a request head, if it has one (RFC 9112, sections 3.2 and 6).
    init?(head: HTTPRequestHead, limits: ConnectionLimits) {
        if head.version.major != 1 {
            self = .malformed("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
            return
        }
        if head.method == .CONNECT {
            self = .malformed("CONNECT is not served here: this is not a proxy.")
            return
        }
        if head.uri.utf8.count > limits.maxTargetBytes {
            self = .headersTooLarge(limit: limits.maxHeaderBytes)
            return
        }
        guard head.uri.utf8.first == UInt8(ascii: "/") || head.uri == "*", head.uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else {
            self = .malformed("The request target must be a path that starts with '/', in ASCII.")
            return
        }
        let hosts = head.headers[canonicalForm: "host"].count
        guard hosts == 1 || (hosts == 0 && head.version.minor == 0) else {
            self = .malformed("Exactly one Host header field is required; this request has \(hosts).")
            return
        }
        if head.headers.contains(name: "transfer-encoding"), head.headers.contains(name: "content-length") {
            self = .malformed("Transfer-Encoding and Content-Length must not come together.")
            return
        }
        if let length = head.headers.first(name: "content-length") {
            guard let bytes = Int(length), bytes >= 0 else {
                self = .malformed("Content-Length must be a number of bytes.")
                return
            }
            let limit = limits.maxBody(target: head.uri)
            if bytes > limit {
                self = .bodyTooLarge(limit: limit)
                return
            }
        }
        return nil
    }

    /// The fault behind an error of the HTTP parser.
    init(parserError: any Error, limits: ConnectionLimits) {
        if let error = parserError as? HTTPParserError, error == .headerOverflow {
            self = .headersTooLarge(limit: limits.maxHeaderBytes)
        } else {
            self = .malformed("The request is not valid HTTP/1.1.")
        }
    }
}
