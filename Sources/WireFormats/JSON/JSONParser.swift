// SPDX-License-Identifier: Apache-2.0

/// A recursive-descent parser of a span of bytes; its recursion is bounded by the allowed nesting.
///
/// The span is passed from function to function and not stored: accesses are bounds-checked, and nothing can outlive it.
struct JSONParser {
    var position = 0
    private var depth = 0
    private let maximumDepth: Int

    static func parse(_ bytes: Span<UInt8>, maximumDepth: Int) -> Result<JSONValue, JSONSyntaxError> {
        var parser = JSONParser(maximumDepth: max(0, min(maximumDepth, JSONValue.deepestNesting)))
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
