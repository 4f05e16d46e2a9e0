// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes the heads of responses as bytes, without a table of fields.
struct ResponseEncoder {
    private var date = HTTPDate()

    /// Writes the status line and all fields, including `Date`, `Content-Length` and `Connection`.
    /// - Parameters:
    ///   - seconds: the current time, in seconds since 1970
    ///   - closes: whether the connection closes after the response
    mutating func write(_ response: Response, at seconds: Double, closes: Bool, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        Self.write(response.status, to: &buffer)
        buffer.writeStaticString(Self.reason(response.status))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(response.shared.encoded)
        buffer.writeBytes(response.fields.encoded)
        buffer.writeStaticString("Date: ")
        buffer.writeBytes(date.text(at: seconds))
        // RFC 9110, section 8.6: a 204 has no length.
        if response.status != 204 {
            buffer.writeStaticString("\r\nContent-Length: ")
            Self.write(response.contentLength, to: &buffer)
        }
        buffer.writeStaticString(closes ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
    }

    private static func write(_ number: Int, to buffer: inout ByteBuffer) {
        var rest = number
        var digits: UInt64 = 0
        var count = 0
        // Eight digits fit in one word; a length usually has four.
        guard number < 100_000_000 else {
            buffer.writeString(String(number))
            return
        }
        repeat {
            digits = digits << 8 | UInt64(0x30 + rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        // All digits are written at once; the unused bytes after them are overwritten later.
        buffer.writeInteger(digits, endianness: .little)
        buffer.moveWriterIndex(to: buffer.writerIndex - MemoryLayout<UInt64>.size + count)
    }

    /// A space and the reason phrase, which may be empty (RFC 9112, section 4).
    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: " OK"
        case 201: " Created"
        case 204: " No Content"
        case 303: " See Other"
        case 400: " Bad Request"
        case 401: " Unauthorized"
        case 403: " Forbidden"
        case 404: " Not Found"
        case 405: " Method Not Allowed"
        case 408: " Request Timeout"
        case 409: " Conflict"
        case 411: " Length Required"
        case 412: " Precondition Failed"
        case 413: " Content Too Large"
        case 415: " Unsupported Media Type"
        case 416: " Range Not Satisfiable"
        case 417: " Expectation Failed"
        case 421: " Misdirected Request"
        case 422: " Unprocessable Content"
        case 429: " Too Many Requests"
        case 431: " Request Header Fields Too Large"
        case 500: " Internal Server Error"
        case 501: " Not Implemented"
        case 503: " Service Unavailable"
        default: " "
        }
    }
}

/// The value of `Date` (RFC 9110, section 5.6.7), formatted once a second: `Thu, 01 Jan 1970 00:00:00 GMT`.
struct HTTPDate {
    private var second = -Double.infinity
    private var bytes: [UInt8] = []

    /// - Parameter seconds: since 1970, clamped to the years 0 to 9999
    mutating func text(at seconds: Double) -> [UInt8] {
        let whole = seconds.rounded(.down)
        if whole != second {
            second = whole
            bytes = Array(CivilTime(clamping: Date(timeIntervalSince1970: whole)).httpDate.utf8)
        }
        return bytes
    }
}
