// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Compact JSON as people read it: a line for each member and element, with two spaces for each level.
    /// - Parameter json: as ``JSONWriter`` writes it
    package init(indenting json: some Sequence<UInt8>) {
        var text: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        func lineBreak() -> [UInt8] {
            [UInt8(ascii: "\n")] + [UInt8](repeating: UInt8(ascii: " "), count: 2 * depth)
        }
        for byte in json {
            if isInString {
                text.append(byte)
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            let isFirst = text.last == UInt8(ascii: "{") || text.last == UInt8(ascii: "[")
            switch byte {
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if !isFirst { text += lineBreak() }
                text.append(byte)
            case UInt8(ascii: ","):
                text.append(byte)
                text += lineBreak()
            case UInt8(ascii: ":"):
                text += ": ".utf8
            default:
                if isFirst { text += lineBreak() }
                text.append(byte)
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
                isInString = byte == UInt8(ascii: "\"")
            }
        }
        self.init(decoding: text, as: UTF8.self)
    }
}
