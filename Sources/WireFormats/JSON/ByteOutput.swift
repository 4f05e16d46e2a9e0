// SPDX-License-Identifier: Apache-2.0

/// Bytes that are written from front to back.
///
/// An array's own `append` checks at each call whether the array is unique and large enough, and JSON consists of very small
/// pieces. Here that is checked once for a whole piece, such as a quoted string. It cannot be
/// copied: with two copies the next piece, or ``finish()``, would first copy all bytes.
struct ByteOutput: ~Copyable, Sendable {
    /// The bytes written so far, then zeros.
    private var storage: [UInt8]
    private var count = 0

    init(capacity: Int) {
        storage = [UInt8](repeating: 0, count: max(16, capacity))
    }

    /// The bytes written so far.
    var bytes: [UInt8] { Array(storage[..<count]) }

    /// The bytes written so far, without a copy.
    consuming func finish() -> [UInt8] {
        storage.removeLast(storage.count - count)
        return storage
    }

    mutating func append(_ byte: UInt8) {
        write(atMost: 1) { $0.byte(byte) }
    }

    mutating func append(contentsOf bytes: some Collection<UInt8>) {
        write(atMost: bytes.count) { output in
            for byte in bytes { output.byte(byte) }
        }
    }

    /// Appends an integer in decimal.
    mutating func append(_ value: Int) {
        // Int.min has a sign and 19 digits.
        write(atMost: 20) { output in
            if value < 0 { output.byte(UInt8(ascii: "-")) }
            let start = output.count
            var rest = value.magnitude
            repeat {
                output.byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            } while rest > 0
            output.reverse(from: start)
        }
    }

    /// Appends a string as JSON, with a byte before the opening and one after the closing quote.
    mutating func appendQuoted(_ string: String, after first: UInt8?, before last: UInt8?) {
        let isAppended: Void? = string.utf8.withContiguousStorageIfAvailable {
            appendQuoted(UnsafeRawBufferPointer($0), after: first, before: last)
        }
        if isAppended == nil {
            Array(string.utf8).withUnsafeBytes { appendQuoted($0, after: first, before: last) }
        }
    }

    /// Appends a constant of the program, which needs no escapes, in quotes.
    mutating func appendQuoted(constant text: StaticString, after first: UInt8?, before last: UInt8?) {
        let utf8 = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        appendQuoted(utf8, hasByteToEscape: false, after: first, before: last)
    }

    /// Appends a string as JSON if all of it is visible ASCII and spaces, and nothing is to be escaped.
    /// - Returns: whether it was appended
    mutating func appendPlainText(_ string: String) -> Bool {
        string.utf8.withContiguousStorageIfAvailable { utf8 in
            let utf8 = UnsafeRawBufferPointer(utf8)
            guard utf8.isPlainText else { return false }
            appendQuoted(utf8, hasByteToEscape: false, after: nil, before: nil)
            return true
        } ?? false
    }

    private mutating func appendQuoted(_ utf8: UnsafeRawBufferPointer, after first: UInt8?, before last: UInt8?) {
        appendQuoted(utf8, hasByteToEscape: utf8.hasByteToEscape, after: first, before: last)
    }

    private mutating func appendQuoted(
        _ utf8: UnsafeRawBufferPointer, hasByteToEscape: Bool, after first: UInt8?, before last: UInt8?
    ) {
        // Nearly every string needs no escapes, and is copied whole.
        write(atMost: (hasByteToEscape ? PieceWriter.longestEscape * utf8.count : utf8.count) + 4) { output in
            if let first { output.byte(first) }
            output.byte(UInt8(ascii: "\""))
            if hasByteToEscape { output.escaped(utf8) } else { output.bytes(utf8) }
            output.byte(UInt8(ascii: "\""))
            if let last { output.byte(last) }
        }
    }

    /// Reserves room for a number of bytes, and writes a piece of at most that length.
    @inline(__always)
    private mutating func write(atMost additional: Int, _ write: (inout PieceWriter) -> Void) {
        if storage.count - count < additional {
            storage.append(contentsOf: repeatElement(0, count: max(storage.count, additional)))
        }
        count = storage.withUnsafeMutableBytes { room in
            var piece = PieceWriter(room: room, count: count)
            write(&piece)
            return piece.count
        }
    }
}
