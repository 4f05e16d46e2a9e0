// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The rules for the values of fields that a policy may carry.
enum FieldValue {
    /// Refuses what would reach the store otherwise than it was signed: controls, of which forms rewrite the line ends
    /// (HTML, "constructing the entry list") and headers end at them, and `${`, which S3 expands.
    static func check(_ value: String, of name: String) throws(PolicyError) {
        if let problem = value.withUTF8Span(problem) { throw .fieldValueInvalid(name: name, problem) }
    }

    private static func problem(_ utf8: Span<UInt8>) -> PolicyError.ValueProblem? {
        var previous: UInt8 = 0
        for index in 0..<utf8.count {
            let byte = utf8[index]
            // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return .control }
            if previous == UInt8(ascii: "$"), byte == UInt8(ascii: "{") { return .substitution }
            previous = byte
        }
        return nil
    }
}
