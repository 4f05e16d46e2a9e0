// SPDX-License-Identifier: Apache-2.0

/// A recursive-descent parser of a span of bytes; its recursion is bounded by the allowed nesting.
///
/// The span is passed from function to function and not stored: accesses are bounds-checked, and nothing can outlive it.
struct JSONParser {
    var position = 0
    private var depth = 0
    private let maximumDepth: Int

    static func parse(_ bytes: Span<UInt8>, maximumDepth: Int) -> Result<JSONValue, JSONSyntaxError> {
        var parser = JSONParser(maximumDepth: max(0, min(maximumDepth, JSONValue.maximumNesting)))
        do throws(JSONSyntaxError) {
            return .success(try parser.text(bytes))
        } catch {
            return .failure(error)
        }
    }

    private init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    // RFC 8259, section 2: JSON-text = ws value ws
    private mutating func text(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw error(.byteOrderMark, bytes)
        }
        skipWhitespace(bytes)
        if position == bytes.count { throw error(.emptyText, bytes) }
        let value = try value(bytes)
        skipWhitespace(bytes)
        if position < bytes.count { throw error(.trailingBytes, bytes) }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "{"): return .object(try object(bytes))
        case UInt8(ascii: "["): return .array(try array(bytes))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number(bytes))
        case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try literal("null", .null, bytes)
        default: throw error(.expected(.value), bytes)
        }
    }

    private mutating func literal(
        _ text: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>
    ) throws(JSONSyntaxError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { throw error(.expected(.value), bytes) }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] {
            throw error(.expected(.value), bytes)
        }
        position += count
        return value
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> [JSONValue] {
        try descend(bytes)
        var elements: [JSONValue] = []
        if try !closes(UInt8(ascii: "]"), bytes) {
            repeat {
                elements.append(try value(bytes))
            } while try continues(until: UInt8(ascii: "]"), .commaOrBracket, bytes)
        }
        depth -= 1
        return elements
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONObject {
        try descend(bytes)
        var members = JSONMembers()
        if try !closes(UInt8(ascii: "}"), bytes) {
            repeat {
                guard bytes[position] == UInt8(ascii: "\"") else { throw error(.expected(.memberName), bytes) }
                let start = position
                let name = try string(bytes)
                skipWhitespace(bytes)
                guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
                guard bytes[position] == UInt8(ascii: ":") else { throw error(.expected(.colon), bytes) }
                position += 1
                skipWhitespace(bytes)
                let value = try value(bytes)
                guard members.append(name, value) else {
                    throw JSONSyntaxError(.duplicateMember(name), at: start, in: bytes)
                }
            } while try continues(until: UInt8(ascii: "}"), .commaOrBrace, bytes)
        }
        depth -= 1
        return JSONObject(unique: members.list)
    }
}

extension JSONParser {
    func error(_ problem: JSONSyntaxError.Problem, _ bytes: Span<UInt8>) -> JSONSyntaxError {
        JSONSyntaxError(problem, at: position, in: bytes)
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Skips an opening bracket.
    private mutating func descend(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        guard depth < maximumDepth else { throw error(.tooDeep(maximum: maximumDepth), bytes) }
        depth += 1
        position += 1
    }

    /// Whether the array or object just opened is empty; then its closing bracket is skipped.
    private mutating func closes(_ bracket: UInt8, _ bytes: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        skipWhitespace(bytes)
        guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
        guard bytes[position] == bracket else { return false }
        position += 1
        return true
    }

    /// Skips a comma and the white space after it (true), or the closing bracket (false).
    private mutating func continues(
        until bracket: UInt8, _ expectation: JSONSyntaxError.Expectation, _ bytes: Span<UInt8>
    ) throws(JSONSyntaxError) -> Bool {
        skipWhitespace(bytes)
        guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
        let byte = bytes[position]
        guard byte == UInt8(ascii: ",") || byte == bracket else { throw error(.expected(expectation), bytes) }
        position += 1
        if byte == bracket { return false }
        skipWhitespace(bytes)
        guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
        return true
    }
}

extension JSONParser {
    // RFC 8259, section 7. The position is at the opening quote.
    mutating func string(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> String {
        let start = position + 1
        var isASCII = true
        position = try plainRun(from: start, bytes, isASCII: &isASCII)
        if bytes[position] == UInt8(ascii: "\"") {
            let run = bytes.extracting(start..<position)
            position += 1
            // ASCII, the usual case, needs no validation.
            if isASCII { return run.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
            guard let string = run.withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) }) else {
                throw JSONSyntaxError(.invalidUTF8, at: start, in: bytes)
            }
            return string
        }
        return try escapedString(from: start, bytes)
    }

    /// The position of the first quote or backslash.
    /// - Parameter isASCII: set to false if a byte before it is not
    private func plainRun(from start: Int, _ bytes: Span<UInt8>, isASCII: inout Bool) throws(JSONSyntaxError) -> Int {
        var all: UInt8 = 0
        for index in start..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                if all >= 0x80 { isASCII = false }
                return index
            }
            if byte < 0x20 { throw JSONSyntaxError(.unescapedControl(byte), at: index, in: bytes) }
            all |= byte
        }
        throw JSONSyntaxError(.textEndsEarly, at: bytes.count, in: bytes)
    }

    private mutating func escapedString(from start: Int, _ bytes: Span<UInt8>) throws(JSONSyntaxError) -> String {
        var unescaped: [UInt8] = []
        var runStart = start
        var isASCII = true
        while true {
            bytes.extracting(runStart..<position).withUnsafeBufferPointer { unescaped.append(contentsOf: $0) }
            let isEnd = bytes[position] == UInt8(ascii: "\"")
            position += 1
            if isEnd { break }
            try escape(into: &unescaped, bytes)
            runStart = position
            position = try plainRun(from: runStart, bytes, isASCII: &isASCII)
        }
        guard let string = String(validating: unescaped, as: UTF8.self) else {
            throw JSONSyntaxError(.invalidUTF8, at: start, in: bytes)
        }
        return string
    }

    /// Reads the escape after a backslash.
    private mutating func escape(into unescaped: inout [UInt8], _ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        guard position < bytes.count else { throw error(.textEndsEarly, bytes) }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape(bytes)
            unescaped.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
            return
        default: throw error(.malformedEscape, bytes)
        }
        position += 1
    }

    /// Reads `u` and four hexadecimal digits; after a high surrogate also the escape of its low surrogate.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = position
        let unit = try hexUnit(bytes)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw JSONSyntaxError(.loneSurrogate, at: start, in: bytes) }
        position += 1
        let low = try hexUnit(bytes)
        guard UTF16.isTrailSurrogate(low) else { throw JSONSyntaxError(.loneSurrogate, at: start, in: bytes) }
        return UTF16.decode(UTF16.EncodedScalar([unit, low]))
    }

    /// Reads `u` and four hexadecimal digits.
    private mutating func hexUnit(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> UInt16 {
        guard bytes.count - position >= 5 else { throw error(.malformedEscape, bytes) }
        var unit: UInt16 = 0
        for index in (position + 1)..<(position + 5) {
            guard let digit = bytes[index].hexDigitValue else { throw error(.malformedEscape, bytes) }
            unit = unit << 4 | UInt16(digit)
        }
        position += 5
        return unit
    }
}

extension JSONParser {
    // RFC 8259, section 6: number = [ minus ] int [ frac ] [ exp ]
    mutating func number(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONNumber {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
            if position < bytes.count, isDigit(bytes[position]) { throw error(.malformedNumber, bytes) }
        } else {
            try digits(bytes)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits(bytes)
        }
        return JSONNumber(
            checked: bytes.extracting(start..<position).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        )
    }

    /// One digit or more.
    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        guard position < bytes.count, isDigit(bytes[position]) else { throw error(.malformedNumber, bytes) }
        repeat { position += 1 } while position < bytes.count && isDigit(bytes[position])
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }
}
