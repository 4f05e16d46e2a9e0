// SPDX-License-Identifier: Apache-2.0

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

    /// Reads `uXXXX`, and the low half after a high surrogate.
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
