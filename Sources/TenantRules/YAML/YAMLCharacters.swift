// SPDX-License-Identifier: Apache-2.0

/// The first look at a file: size, UTF-8, and characters that have no place in it.
///
/// libyaml takes NEL, LS and PS for line ends, a lone CR too; with those refused, a line ends at LF and nowhere else,
/// for people, for ``YAMLScanner`` and for libyaml alike.
enum YAMLCharacters {
    /// Every tab outside of indentation becomes a space, so that reading can go on.
    struct Inspection {
        var bytes: [UInt8]
        var findings: [YAMLFinding] = []
        /// False when the bytes cannot be read any further.
        var isReadable = true
    }

    static func inspect(_ bytes: [UInt8]) -> Inspection {
        var result = Inspection(bytes: bytes)
        func stop(_ position: YAMLPosition, _ message: String, _ advice: String) -> Inspection {
            result.findings.append(YAMLFinding(position: position, message: message, advice: advice))
            result.isReadable = false
            return result
        }
        guard bytes.count <= YAMLLimits.bytes else {
            return stop(.start, "the file is larger than 256 KiB", "split the tenant, or remove what is not a rule")
        }
        if let place = firstInvalidUTF8(bytes) {
            return stop(place, "the file is not UTF-8 from here on", "save the file as UTF-8")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            return stop(.start, "the file begins with a byte order mark", "save the file as UTF-8 without a BOM")
        }
        var tabs: [YAMLPosition] = []
        var tabIndents = false
        var line = 1
        var column = 1
        var indentation = true
        for index in bytes.indices {
            let byte = bytes[index]
            let position = YAMLPosition(line: line, column: column)
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                column = 0
                indentation = true
            case UInt8(ascii: "\r") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n"):
                break
            case UInt8(ascii: "\t"):
                if tabs.last?.line != line { tabs.append(position) }
                if indentation { tabIndents = true }
                result.bytes[index] = UInt8(ascii: " ")
            case UInt8(ascii: " "):
                break
            case 0..<0x20, 0x7F:
                return stop(position, "there is a control character (\(hex(byte)))", "remove it")
            case 0xC2 where bytes[index + 1] < 0xA0, 0xE2 where bytes[index + 1] == 0x80 && bytes[index + 2] & 0xFE == 0xA8:
                return stop(position, "there is a control or line-separator character", "remove it, or begin a new line")
            case 0xEF where bytes[index + 1] == 0xBB && bytes[index + 2] == 0xBF,
                0xEF where bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE:
                return stop(position, "there is a character that is no text", "remove it")
            default:
                indentation = false
            }
            if byte & 0xC0 != 0x80 { column += 1 }
        }
        if let first = tabs.first {
            let more = tabs.count > 1 ? " (and \(tabs.count - 1) more lines have one)" : ""
            result.findings.append(
                YAMLFinding(
                    position: first,
                    message: "there is a tab\(more)",
                    advice: "use spaces; inside double quotes a tab is written \\t"
                )
            )
            result.isReadable = !tabIndents
        }
        return result
    }

    private static func firstInvalidUTF8(_ bytes: [UInt8]) -> YAMLPosition? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line = 1
        var column = 1
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return nil
            case .error: return YAMLPosition(line: line, column: column)
            case .scalarValue("\n"):
                line += 1
                column = 1
            case .scalarValue: column += 1
            }
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
