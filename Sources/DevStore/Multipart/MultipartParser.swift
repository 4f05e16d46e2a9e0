// SPDX-License-Identifier: Apache-2.0

/// A streaming multipart/form-data parser: a state machine without I/O.
///
/// Call `feed` with the bytes that arrive, then `next` until it returns nil. The parser holds the last piece and at most one part's
/// head or boundary, so its memory does not grow with the body. The result does not depend on how the body is split.
///
/// Grammar: RFC 2046 section 5.1.1 as narrowed by RFC 7578. Lines end in CRLF; a bare LF is content.
package struct MultipartParser: Sendable {
    /// The largest size of one part's header lines, in bytes.
    package static let headLimit = 8 * 1024

    private enum State {
        case preamble
        case afterDelimiter
        case head
        case content
        case epilogue
        case ended
    }

    private static let carriageReturn: UInt8 = 0x0D
    private static let lineFeed: UInt8 = 0x0A
    private static let dash: UInt8 = 0x2D

    /// CRLF, two dashes, the boundary.
    private let delimiter: BytePattern
    private let blankLine = BytePattern(Array("\r\n\r\n".utf8))
    private var state = State.preamble
    /// Begins with an added CRLF, because a boundary at the beginning of the body has none before it.
    private var buffer: [UInt8] = [carriageReturn, lineFeed]
    private var position = 0
    private var fed = 0

    package init(boundary: MultipartBoundary) {
        delimiter = BytePattern([Self.carriageReturn, Self.lineFeed, Self.dash, Self.dash] + boundary.bytes)
    }

    /// The number of bytes of the body for which events have been returned.
    package var consumed: Int {
        // Without the initial CRLF.
        max(0, fed - (buffer.count - position))
    }

    /// Appends bytes of the body.
    package mutating func feed(_ bytes: some Collection<UInt8>) {
        // A new array, because events can still refer to slices of the old one.
        var next = [UInt8]()
        next.reserveCapacity(buffer.count - position + bytes.count)
        next.append(contentsOf: buffer[position...])
        next.append(contentsOf: bytes)
        buffer = next
        position = 0
        fed += bytes.count
    }

    /// Returns the next event; nil if more bytes are needed.
    package mutating func next() throws(MultipartError) -> MultipartEvent? {
        while true {
            switch state {
            case .preamble:
                guard skipPreamble() else { return nil }
            case .afterDelimiter:
                guard try readDelimiterEnd() else { return nil }
            case .head:
                return try readHead().map { .partBegan($0) }
            case .content:
                return readContent()
            case .epilogue:
                state = .ended
                return .ended
            case .ended:
                position = buffer.count
                return nil
            }
        }
    }

    /// Checks that the body is complete. Call it at the end of the body, after `next` has returned nil.
    package func finish() throws(MultipartError) {
        guard case .ended = state else { throw .truncated }
    }

    /// Skips the text before the first boundary.
    private mutating func skipPreamble() -> Bool {
        if let index = delimiter.firstIndex(in: buffer, from: position) {
            position = index + delimiter.bytes.count
            state = .afterDelimiter
            return true
        }
        position = max(position, buffer.count - delimiter.bytes.count + 1)
        return false
    }

    /// Reads what follows a boundary: `--` at the end of the body, or white space and a line end.
    private mutating func readDelimiterEnd() throws(MultipartError) -> Bool {
        guard buffer.count - position >= 2 else { return false }
        if buffer[position] == Self.dash, buffer[position + 1] == Self.dash {
            position += 2
            state = .epilogue
            return true
        }
        var index = position
        while index < buffer.count, buffer[index] == 0x20 || buffer[index] == 0x09 {
            index += 1
        }
        guard index - position <= Self.headLimit else { throw .headTooLong }
        guard index + 1 < buffer.count else {
            guard index == buffer.count || buffer[index] == Self.carriageReturn else { throw .malformedDelimiter }
            return false
        }
        guard buffer[index] == Self.carriageReturn, buffer[index + 1] == Self.lineFeed else { throw .malformedDelimiter }
        // The line end is not consumed, so that a part without headers begins with a blank line.
        position = index
        state = .head
        return true
    }

    private mutating func readHead() throws(MultipartError) -> PartHead? {
        guard let end = blankLine.firstIndex(in: buffer, from: position) else {
            guard buffer.count - position < Self.headLimit + blankLine.bytes.count else { throw .headTooLong }
            return nil
        }
        guard end - position <= Self.headLimit else { throw .headTooLong }
        let head = try PartHead(parsing: buffer[min(position + 2, end)..<end])
        position = end + blankLine.bytes.count
        state = .content
        return head
    }

    private mutating func readContent() -> MultipartEvent? {
        if let index = delimiter.firstIndex(in: buffer, from: position) {
            if index > position {
                defer { position = index }
                return .partData(buffer[position..<index])
            }
            position = index + delimiter.bytes.count
            state = .afterDelimiter
            return .partEnded
        }
        // The last bytes can be the beginning of a boundary.
        let end = buffer.count - delimiter.bytes.count + 1
        guard end > position else { return nil }
        defer { position = end }
        return .partData(buffer[position..<end])
    }
}

/// An event of the parser. A part is `partBegan`, any number of `partData`, and `partEnded`.
package enum MultipartEvent: Sendable, Equatable {
    case partBegan(PartHead)
    /// A piece of the part's content, never empty. How the content is split depends on how the body arrives.
    case partData(ArraySlice<UInt8>)
    case partEnded
    /// The closing boundary. Anything after it is ignored.
    case ended
}

/// Why a body is not valid multipart/form-data. The store responds to all of these with `MalformedPOSTRequest`.
package enum MultipartError: Error, Sendable, Equatable {
    /// A boundary is followed by neither a line end nor `--` (RFC 2046 section 5.1.1).
    case malformedDelimiter
    /// A part's header lines, or the white space after a boundary, are longer than the limit.
    case headTooLong
    /// A header line has no colon, is folded, has a control character, or is not UTF-8.
    case malformedHeader
    /// A part does not have exactly one `Content-Disposition: form-data` with a `name` (RFC 7578 section 4.2).
    case malformedDisposition
    /// The body ends before the closing boundary.
    case truncated
}

/// A byte string to search for, by the algorithm of Boyer, Moore and Horspool.
///
/// A boundary has about 40 bytes, so the search reads about one byte in 40 of a file. Even a debug build, which `postern dev` often
/// is, is then as fast as the disk.
struct BytePattern: Sendable {
    let bytes: [UInt8]
    private let shifts: [Int]

    /// - Parameter bytes: must not be empty.
    init(_ bytes: [UInt8]) {
        precondition(!bytes.isEmpty, "an empty pattern is found everywhere")
        var shifts = [Int](repeating: bytes.count, count: 256)
        for (index, byte) in bytes.dropLast().enumerated() {
            shifts[Int(byte)] = bytes.count - 1 - index
        }
        self.bytes = bytes
        self.shifts = shifts
    }

    /// Returns the first index of the pattern at or after `start`; nil if there is no complete occurrence.
    func firstIndex(in haystack: [UInt8], from start: Int) -> Int? {
        let last = bytes.count - 1
        var index = start
        while index + last < haystack.count {
            let final = haystack[index + last]
            if final == bytes[last] {
                var matched = 0
                while matched < last, haystack[index + matched] == bytes[matched] {
                    matched += 1
                }
                if matched == last {
                    return index
                }
            }
            index += shifts[Int(final)]
        }
        return nil
    }
}
