// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// The trace and the span that a request belongs to, as `traceparent` says (W3C Trace Context, section 3.2). They go into the log, so
/// that a line can be found from a trace; nothing else depends on them.
struct TraceParent: Sendable, Equatable {
    /// 32 hexadecimal digits in lower case, not all zero.
    let traceID: String
    /// The caller's span: 16 hexadecimal digits in lower case, not all zero.
    let parentID: String

    /// Reads the header field of a request. Nil if there is not exactly one, or if it is not valid: such a field is ignored.
    init?(_ head: RequestHead) {
        let values = head.values("traceparent")
        guard values.count == 1, let value = values.first else { return nil }
        self.init(value)
    }

    /// Reads `<version>-<trace-id>-<parent-id>-<flags>`. Version 00 has exactly these parts; of a later one, which may have more
    /// after another `-`, these are read.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == Self.hyphen, bytes[35] == Self.hyphen, bytes[52] == Self.hyphen else { return nil }
        let (version, traceID, parentID, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
        guard [version, traceID, parentID, flags].allSatisfy({ $0.allSatisfy(Self.isDigit) }) else { return nil }
        guard !version.elementsEqual("ff".utf8) else { return nil }
        guard bytes.count == 55 || !version.elementsEqual("00".utf8) && bytes[55] == Self.hyphen else { return nil }
        let zero = UInt8(ascii: "0")
        guard traceID.contains(where: { $0 != zero }), parentID.contains(where: { $0 != zero }) else { return nil }
        self.traceID = String(decoding: traceID, as: UTF8.self)
        self.parentID = String(decoding: parentID, as: UTF8.self)
    }

    private static let hyphen = UInt8(ascii: "-")

    /// A hexadecimal digit in lower case.
    private static func isDigit(_ byte: UInt8) -> Bool {
        byte.isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
