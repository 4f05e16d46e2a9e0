// SPDX-License-Identifier: Apache-2.0

/// Reads the protocols that a TLS client offers (ALPN, RFC 7301) from the first bytes of its connection.
///
/// SwiftNIO's TLS continues without a protocol if the client offers only others, while RFC 7301 requires the handshake to fail.
/// Only the first record is read: a ClientHello that is longer, or split into records, is left to the TLS library.
struct ClientHello {
    enum Result: Equatable {
        /// More bytes are needed.
        case incomplete
        /// The client offers `http/1.1`, or no protocols.
        case offersHTTP1
        /// The client offers only other protocols.
        case offersOnlyOthers
        /// Not a ClientHello in one record: TLS handles it.
        case unknown
    }

    /// All bytes so far.
    private(set) var bytes: [UInt8] = []

    mutating func append(_ more: some Collection<UInt8>) -> Result {
        bytes += more
        guard bytes.count >= 5 else { return .incomplete }
        if bytes.capacity < recordCount { bytes.reserveCapacity(recordCount) }
        // A handshake record (RFC 8446, section 5.1).
        guard bytes[0] == 0x16, bytes[1] == 0x03 else { return .unknown }
        guard recordCount <= 5 + 16_384 else { return .unknown }
        guard bytes.count >= recordCount else { return .incomplete }
        var record = Reader(bytes[5..<recordCount])
        return Self.read(&record) ?? .unknown
    }

    /// The length of the first record with its header, which must be complete.
    private var recordCount: Int { min(5 + (Int(bytes[3]) << 8 | Int(bytes[4])), 5 + 16_385) }

    /// Reads a ClientHello (RFC 8446, section 4.1.2); nil if it is truncated.
    private static func read(_ record: inout Reader) -> Result? {
        guard record.integer(1) == 1, let length = record.integer(3), var hello = record.take(length) else { return nil }
        // Version and random, session id, cipher suites, compression methods.
        guard hello.take(2 + 32) != nil, hello.vector(1) != nil, hello.vector(2) != nil, hello.vector(1) != nil else {
            return nil
        }
        guard var extensions = hello.vector(2) else { return .offersHTTP1 }
        while !extensions.isEmpty {
            guard let type = extensions.integer(2), var content = extensions.vector(2) else { return nil }
            guard type == 16 else { continue }
            guard var names = content.vector(2) else { return nil }
            while !names.isEmpty {
                guard let name = names.vector(1) else { return nil }
                if name.rest.elementsEqual("http/1.1".utf8) { return .offersHTTP1 }
            }
            return .offersOnlyOthers
        }
        return .offersHTTP1
    }

    private struct Reader {
        private(set) var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        var isEmpty: Bool { rest.isEmpty }

        mutating func take(_ count: Int) -> Reader? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Reader(rest.prefix(count))
        }

        mutating func integer(_ size: Int) -> Int? {
            take(size).map { $0.rest.reduce(0) { $0 << 8 | Int($1) } }
        }

        /// Reads bytes that follow their length, which has `size` bytes.
        mutating func vector(_ size: Int) -> Reader? {
            integer(size).flatMap { take($0) }
        }
    }
}
