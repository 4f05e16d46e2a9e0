// SPDX-License-Identifier: Apache-2.0

/// Writes compact JSON directly as bytes, and inserts the commas.
///
/// Strings are escaped as RFC 8259 section 7 requires and no further: the quote, the backslash and the controls U+0000 to
/// U+001F. Everything else, including `/` and U+2028, is written as raw UTF-8. The caller is responsible for the order of
/// calls: the writer does not balance brackets.
package struct JSONWriter: ~Copyable, Sendable {
    private var output: ByteOutput
    private var needsComma = false

    /// - Parameter capacity: how many bytes to reserve.
    package init(capacity: Int = 256) {
        output = ByteOutput(capacity: capacity)
    }

    /// A copy of the bytes written so far; ``finish()`` makes no copy.
    package var bytes: [UInt8] { output.bytes }

    /// Returns the bytes written, and ends the writer.
    package consuming func finish() -> [UInt8] { output.finish() }

    /// Opens an object, as a value.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array, as a value.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value follows.
    package mutating func key(_ name: String) {
        output.appendQuoted(name, after: needsComma ? UInt8(ascii: ",") : nil, before: UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name, a constant of the program that needs no escapes; its value follows.
    package mutating func key(constant name: StaticString) {
        output.appendQuoted(constant: name, after: needsComma ? UInt8(ascii: ",") : nil, before: UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member with a string as its value; the name is a constant of the program that needs no escapes.
    package mutating func member(constant name: StaticString, _ value: String) {
        key(constant: name)
        string(value)
    }

    /// Writes a member with a string as its value.
    package mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Writes a string as a value, which is first transformed unless all of it is visible ASCII and spaces.
    package mutating func string(_ value: String, transformedUnlessPlain transform: (String) -> String) {
        separate()
        if !output.appendPlainText(value) { output.appendQuoted(transform(value), after: nil, before: nil) }
    }

    /// Writes a string as a value.
    package mutating func string(_ value: String) {
        output.appendQuoted(value, after: needsComma ? UInt8(ascii: ",") : nil, before: nil)
        needsComma = true
    }

    /// Writes an integer as a value.
    package mutating func int(_ value: Int) {
        separate()
        output.append(value)
    }

    /// Writes `true` or `false` as a value.
    package mutating func bool(_ value: Bool) {
        separate()
        output.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes `null` as a value.
    package mutating func null() {
        separate()
        output.append(contentsOf: "null".utf8)
    }

    /// Writes bytes that are a whole JSON value.
    package mutating func raw(_ value: some Collection<UInt8>) {
        separate()
        output.append(contentsOf: value)
    }

    /// The string as JSON, e.g. for an error's sentence.
    package static func quoted(_ value: String) -> String {
        var writer = JSONWriter(capacity: value.utf8.count + 2)
        writer.string(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        output.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        output.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { output.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

/// Objects and arrays with closures, so that brackets balance by construction, and members of each type of value.
///
/// For documents that are not written for each request: there, ``beginObject()`` and the like save calls.
extension JSONWriter {
    /// Makes the bytes of an object.
    /// - Parameters:
    ///   - capacity: how many bytes to reserve.
    ///   - members: writes the members.
    package static func object(capacity: Int = 256, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: capacity)
        json.object(members)
        return json.finish()
    }

    /// Writes an object as a value.
    /// - Parameter members: writes the members.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        beginObject()
        members(&self)
        endObject()
    }

    /// Writes a member with an object as its value.
    package mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        key(name)
        object(members)
    }

    /// Writes a member with an array as its value.
    /// - Parameters:
    ///   - elements: what the array is made from.
    ///   - element: writes one value for one element.
    package mutating func array<Elements: Sequence>(
        _ name: String, of elements: Elements, _ element: (inout JSONWriter, Elements.Element) -> Void
    ) {
        key(name)
        beginArray()
        for value in elements { element(&self, value) }
        endArray()
    }

    /// Writes a member with a string as its value, `null` for nil.
    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a member with an integer as its value.
    package mutating func member(_ name: String, _ value: Int) {
        key(name)
        int(value)
    }

    /// Writes a member with an integer as its value, `null` for nil.
    package mutating func member(_ name: String, _ value: Int?) {
        key(name)
        if let value { int(value) } else { null() }
    }

    /// Writes a member with `true` or `false` as its value.
    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a member with an array of strings as its value.
    package mutating func member(_ name: String, _ values: [String]) {
        array(name, of: values) { $0.string($1) }
    }

    /// Writes a member with an array of strings as its value, with `null` for nil.
    package mutating func member(_ name: String, _ values: [String?]) {
        array(name, of: values) { json, value in
            if let value { json.string(value) } else { json.null() }
        }
    }
}

/// Writes a piece into reserved room: the only place where writes are unchecked in release builds.
struct PieceWriter {
    /// The maximum number of bytes that one byte becomes, as in `\u001f`.
    static let longestEscape = 6

    private let room: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    init(room: UnsafeMutableRawBufferPointer, count: Int) {
        self.room = room
        self.count = count
    }

    mutating func byte(_ byte: UInt8) {
        room[count] = byte
        count &+= 1
    }

    mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: room[count..<(count + bytes.count)]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Reverses the bytes from an index on.
    mutating func reverse(from start: Int) {
        room[start..<count].reverse()
    }

    /// Writes bytes as the contents of a JSON string (RFC 8259, section 7).
    mutating func escaped(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte.isEscaped { escape(byte) } else { self.byte(byte) }
        }
    }

    private mutating func escape(_ escaped: UInt8) {
        byte(UInt8(ascii: "\\"))
        switch escaped {
        case 0x08: byte(UInt8(ascii: "b"))
        case 0x09: byte(UInt8(ascii: "t"))
        case 0x0A: byte(UInt8(ascii: "n"))
        case 0x0C: byte(UInt8(ascii: "f"))
        case 0x0D: byte(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte(escaped)
        default:
            byte(UInt8(ascii: "u"))
            byte(UInt8(ascii: "0"))
            byte(UInt8(ascii: "0"))
            byte(escaped < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            byte(Hexadecimal.digit(escaped & 0x0F))
        }
    }
}

extension UInt8 {
    /// Whether the byte needs an escape in a JSON string (RFC 8259, section 7).
    var isEscaped: Bool {
        self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether any byte needs an escape in a JSON string. Checks eight bytes at a time.
    var hasByteToEscape: Bool {
        guard count >= 8 else { return contains { $0.isEscaped } }
        var index = 0
        while index &+ 32 <= count {
            // Four words at once, since few strings have such a byte.
            let found =
                word(at: index).bytesToEscape | word(at: index &+ 8).bytesToEscape
                | word(at: index &+ 16).bytesToEscape | word(at: index &+ 24).bytesToEscape
            if found != 0 { return true }
            index &+= 32
        }
        while index &+ 8 <= count {
            if word(at: index).bytesToEscape != 0 { return true }
            index &+= 8
        }
        // The last eight bytes, some of them for the second time.
        return word(at: count &- 8).bytesToEscape != 0
    }

    /// Whether every byte is visible ASCII or a space, and none a quote or a backslash.
    var isPlainText: Bool {
        guard count >= 8 else { return allSatisfy { $0 < 0x7f && !$0.isEscaped } }
        var index = 0
        while index &+ 8 <= count {
            if word(at: index).bytesNotPlain != 0 { return false }
            index &+= 8
        }
        return word(at: count &- 8).bytesNotPlain == 0
    }

    private func word(at offset: Int) -> UInt64 {
        loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}

extension UInt64 {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Not zero if one of the eight bytes is a control, a quote or a backslash: "determine if a word has a byte less than n"
    /// and "… a zero byte" of Sean Anderson's Bit Twiddling Hacks. A borrow may mark a wrong byte, but only next to a
    /// right one.
    fileprivate var bytesToEscape: UInt64 {
        // With this bit flipped, the quote is 0x20 and the space 0x22: below 0x21 are the quote and the controls.
        let turned = self ^ (0x02 &* Self.ones)
        let backslashes = self ^ (0x5c &* Self.ones)
        let found = (turned &- (0x21 &* Self.ones)) & ~self | (backslashes &- Self.ones) & ~backslashes
        return found & Self.highBits
    }

    /// Not zero if one of the eight bytes is escaped, is DEL, or is not ASCII.
    fileprivate var bytesNotPlain: UInt64 {
        let carried = (self & ~Self.highBits) &+ Self.ones
        return bytesToEscape | (self | carried) & Self.highBits
    }
}

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
