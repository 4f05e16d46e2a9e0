// SPDX-License-Identifier: Apache-2.0

/// A streaming multipart/form-data parser: a pure state machine over bytes.
///
/// Feed it what arrives, then take events until it answers nil. It holds the last piece that was fed and never more than a
/// part's head or a boundary beside it, so its memory does not grow with the body. The result does not depend on where the
/// body was cut.
///
/// Grammar: RFC 2046 §5.1.1 as narrowed by RFC 7578. Lines end in CRLF; a bare LF is content.
package struct MultipartParser: Sendable {
    /// The most bytes that the header lines of one part may take.
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
    /// A boundary at the very beginning has no CRLF of its own: as if the body came after one.
    private var buffer: [UInt8] = [carriageReturn, lineFeed]
    private var position = 0
    private var fed = 0

    /// - Parameter boundary: as `MultipartBoundary` reads it from a Content-Type.
    package init(boundary: MultipartBoundary) {
        delimiter = BytePattern([Self.carriageReturn, Self.lineFeed, Self.dash, Self.dash] + boundary.bytes)
    }

    /// How many bytes of the body the parser has used up: all events given so far came from them.
    package var consumed: Int {
        // The CRLF that no client sent is not counted.
        max(0, fed - (buffer.count - position))
    }

    /// Appends what arrived.
    package mutating func feed(_ bytes: some Collection<UInt8>) {
        // A new array, because slices of the old one may still be alive in the events.
        var next = [UInt8]()
        next.reserveCapacity(buffer.count - position + bytes.count)
        next.append(contentsOf: buffer[position...])
        next.append(contentsOf: bytes)
        buffer = next
        position = 0
        fed += bytes.count
    }

    /// The next event, or nil when more bytes are needed.
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

    /// To be called when the body has ended and `next` answered nil.
    package func finish() throws(MultipartError) {
        guard case .ended = state else { throw .truncated }
    }

    /// Drops the text before the first boundary.
    private mutating func skipPreamble() -> Bool {
        if let index = delimiter.firstIndex(in: buffer, from: position) {
            position = index + delimiter.bytes.count
            state = .afterDelimiter
            return true
        }
        position = max(position, buffer.count - delimiter.bytes.count + 1)
        return false
    }

    /// After a boundary: `--` closes the body; else padding that transports may have added, and the line end.
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
        // The line end stays: a part without any header is then a blank line at once.
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
        // The last bytes may be the beginning of a boundary.
        let safe = buffer.count - delimiter.bytes.count + 1
        guard safe > position else { return nil }
        defer { position = safe }
        return .partData(buffer[position..<safe])
    }
}

/// What the parser saw next. A part is `partBegan`, any number of `partData`, `partEnded`.
package enum MultipartEvent: Sendable, Equatable {
    case partBegan(PartHead)
    /// A piece of the part's content, never empty. Where the pieces are cut depends on how the body arrived.
    case partData(ArraySlice<UInt8>)
    case partEnded
    /// The closing boundary; whatever follows is the epilogue and is dropped.
    case ended
}

/// Why a body is not the multipart/form-data that its Content-Type promised.
///
/// The store answers all but `headTooLong` as S3's `MalformedPOSTRequest`; the cases are for the log and the tests.
package enum MultipartError: Error, Sendable, Equatable {
    /// After a boundary came neither a line end nor the closing `--` (RFC 2046 §5.1.1).
    case malformedDelimiter
    /// A part's header lines, or the padding after a boundary, are longer than the limit.
    case headTooLong
    /// A header line without a colon, folded, with a control character, or not UTF-8.
    case malformedHeader
    /// A part without exactly one `Content-Disposition: form-data` that has a `name` (RFC 7578 §4.2).
    case malformedDisposition
    /// The body ended before the closing boundary.
    case truncated
}

/// A byte string to look for in a stream (Boyer–Moore–Horspool).
///
/// A boundary is some 40 bytes long, so the search looks at one byte in 40 of a file: that keeps a debug build, which is what
/// `postern dev` often is, as fast as the disk.
struct BytePattern: Sendable {
    let bytes: [UInt8]
    private let shifts: [Int]

    /// - Parameter bytes: what to look for; must not be empty.
    init(_ bytes: [UInt8]) {
        precondition(!bytes.isEmpty, "an empty pattern is found everywhere")
        var shifts = [Int](repeating: bytes.count, count: 256)
        for (index, byte) in bytes.dropLast().enumerated() {
            shifts[Int(byte)] = bytes.count - 1 - index
        }
        self.bytes = bytes
        self.shifts = shifts
    }

    /// The index where the pattern first begins at or after `start`, if the whole of it is there.
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
