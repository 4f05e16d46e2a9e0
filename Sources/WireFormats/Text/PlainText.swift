// SPDX-License-Identifier: Apache-2.0

/// Free text of limited length without controls.
package enum PlainText {
    /// - Throws: if it is empty, too long, or has a control character
    package static func parse(_ text: String, what: String, atMost bytes: Int = 256) throws(ValueError) -> String {
        guard !text.isEmpty else { throw ValueError("\(what) is empty", "write one, or remove the line") }
        guard text.utf8.count <= bytes else {
            throw ValueError("\(what) is longer than \(bytes) bytes", "write a shorter one")
        }
        guard !hasControls(text) else { throw ValueError("\(what) has a control character", "remove it") }
        return text
    }

    /// C0, DEL, C1 and the separators U+2028 and U+2029.
    package static func hasControls(_ text: String) -> Bool {
        var previous: UInt8 = 0
        var beforePrevious: UInt8 = 0
        for byte in text.utf8 {
            if byte.isASCIIControl || (previous == 0xC2 && byte < 0xA0) { return true }
            if beforePrevious == 0xE2, previous == 0x80, byte & 0xFE == 0xA8 { return true }
            beforePrevious = previous
            previous = byte
        }
        return false
    }

    /// A value that becomes a form field: S3 expands `${filename}` in every field, so `${` is refused.
    package static func fieldValue(_ text: String, what: String, atMost bytes: Int = 1024) throws(ValueError) -> String {
        let text = try parse(text, what: what, atMost: bytes)
        guard !expands(text) else {
            throw ValueError("\(what) holds “${”, which S3 expands", "write it without “${”")
        }
        return text
    }

    /// Whether S3 might expand something in the text.
    package static func expands(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if previous == UInt8(ascii: "$"), byte == UInt8(ascii: "{") { return true }
            previous = byte
        }
        return false
    }
}
