// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Checks a file's size, encoding and characters before libyaml reads it.
///
/// libyaml takes NEL, LS and PS for line ends, a lone CR too; with those refused, a line ends at LF and nowhere else,
/// for people and for libyaml alike. libyaml's own check of characters refuses nothing that passes here.
struct YAMLCharacters {
    /// The file, with a space for every tab so that it can be read; nil if it cannot.
    private(set) var bytes: [UInt8]?
    private(set) var findings: [YAMLDiagnostic] = []
    /// Whether the file has only LF and the printable characters of ASCII.
    private(set) var isPlain = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count <= YAMLLimits.bytes else {
            refuse(.start, "the file is larger than 256 KiB", "split the tenant, or remove what is not a rule")
            return
        }
        isPlain = bytes.allSatisfy { (0x20..<0x7F).contains($0) || $0 == UInt8(ascii: "\n") }
        if !isPlain { inspect(bytes) }
    }

    private mutating func refuse(_ position: YAMLPosition, _ message: String, _ advice: String) {
        findings = [YAMLDiagnostic(position, message, advice)]
        bytes = nil
    }

    private mutating func inspect(_ bytes: [UInt8]) {
        var tabs: [YAMLPosition] = []
        var tabIndents = false
        var (line, column, offset) = (1, 1, 0)
        var isIndentation = true
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let position = YAMLPosition(line: line, column: column)
            if scalar == "\u{FFFD}", !bytes[offset...].starts(with: [0xEF, 0xBF, 0xBD]) {
                return refuse(position, "the file is not UTF-8 from here on", "save the file as UTF-8")
            }
            offset += UTF8.width(scalar)
            switch scalar {
            case "\n":
                (line, column, isIndentation) = (line + 1, 0, true)
            case "\t":
                if tabs.last?.line != line { tabs.append(position) }
                if isIndentation { tabIndents = true }
            case " ",
                "\r" where bytes[offset...].first == UInt8(ascii: "\n"):
                break
            default:
                isIndentation = false
                if self.bytes != nil, let (message, advice) = Self.refusal(of: scalar, at: position) {
                    refuse(position, message, advice)
                }
            }
            column += 1
        }
        guard self.bytes != nil, let first = tabs.first else { return }
        let more = tabs.count > 1 ? " (and \(tabs.count - 1) more lines have one)" : ""
        refuse(first, "there is a tab\(more)", "use spaces; inside double quotes a tab is written \\t")
        if !tabIndents { self.bytes = bytes.map { $0 == UInt8(ascii: "\t") ? UInt8(ascii: " ") : $0 } }
    }

    private static func refusal(of scalar: Unicode.Scalar, at position: YAMLPosition) -> (message: String, advice: String)? {
        switch scalar.value {
        case 0..<0x20, 0x7F:
            let hex = String(scalar.value, radix: 16, uppercase: true)
            return ("there is a control character (0x\(hex.utf8.count < 2 ? "0" : "")\(hex))", "remove it")
        case 0x80..<0xA0, 0x2028, 0x2029:
            return ("there is a control or line-separator character", "remove it, or begin a new line")
        case 0xFEFF where position == .start:
            return ("the file begins with a byte order mark", "save the file as UTF-8 without a BOM")
        case 0xFEFF, 0xFFFE, 0xFFFF:
            return ("there is a character that is not text", "remove it")
        default:
            return nil
        }
    }
}
