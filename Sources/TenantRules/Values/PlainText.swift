// SPDX-License-Identifier: Apache-2.0

/// Free text of limited length without controls.
enum PlainText {
    /// - Throws: Empty, too long, or with a control character.
    static func parse(_ text: String, what: String, atMost bytes: Int = 256) throws(Complaint) -> String {
        guard !text.isEmpty else { throw Complaint("\(what) is empty", "write one, or remove the line") }
        guard text.utf8.count <= bytes else {
            throw Complaint("\(what) is longer than \(bytes) bytes", "write a shorter one")
        }
        guard !hasControls(text) else { throw Complaint("\(what) has a control character", "remove it") }
        return text
    }

    /// C0, DEL, C1 and the separators U+2028 and U+2029.
    static func hasControls(_ text: String) -> Bool {
        var previous: UInt8 = 0
        var beforePrevious: UInt8 = 0
        for byte in text.utf8 {
            if ASCII.isControl(byte) || (previous == 0xC2 && byte < 0xA0) { return true }
            if beforePrevious == 0xE2, previous == 0x80, byte & 0xFE == 0xA8 { return true }
            beforePrevious = previous
            previous = byte
        }
        return false
    }

    /// A value that becomes a form field: S3 expands `${filename}` in every field, so `${` never gets there.
    static func fieldValue(_ text: String, what: String, atMost bytes: Int = 1024) throws(Complaint) -> String {
        let text = try parse(text, what: what, atMost: bytes)
        guard !expands(text) else {
            throw Complaint("\(what) holds “${”, which S3 expands", "write it without “${”")
        }
        return text
    }

    /// Whether S3 might expand something in the text.
    static func expands(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if previous == UInt8(ascii: "$"), byte == UInt8(ascii: "{") { return true }
            previous = byte
        }
        return false
    }
}
