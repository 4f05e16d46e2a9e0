// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What the header lines of one part say.
package struct PartHead: Sendable, Equatable {
    /// The form field's name.
    package let name: String
    /// The file's name as the client gave it, with any path: for display, never for a path on disk.
    package let filename: String?

    package init(name: String, filename: String? = nil) {
        self.name = name
        self.filename = filename
    }

    /// - Parameter bytes: the header lines without the blank line that ends them.
    init(parsing bytes: ArraySlice<UInt8>) throws(MultipartError) {
        var disposition: ParameterizedField?
        for line in try Self.lines(of: bytes) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { throw .malformedHeader }
            let name = line[..<colon].map(\.asciiLowercased)
            guard name.elementsEqual("content-disposition".utf8) else { continue }
            guard disposition == nil, let field = ParameterizedField(parsing: line[(colon + 1)...]) else {
                throw .malformedDisposition
            }
            disposition = field
        }
        guard
            let disposition,
            disposition.value.elementsEqual("form-data".utf8),
            let name = disposition.parameter("name"),
            // `filename*` is not for forms (RFC 7578 §4.2): it is not looked at.
            disposition.count(of: "filename") <= 1
        else { throw .malformedDisposition }
        self.name = try Self.text(name)
        if let filename = disposition.parameter("filename") {
            self.filename = try Self.text(filename)
        } else {
            self.filename = nil
        }
    }

    /// Splits at CRLF and refuses what could make two readers see two different heads: folded lines, bare CR or LF, NUL.
    private static func lines(of bytes: ArraySlice<UInt8>) throws(MultipartError) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A {
                lines.append(bytes[start..<index])
                index += 2
                start = index
                continue
            }
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformedHeader }
            index += 1
        }
        if start < bytes.endIndex {
            lines.append(bytes[start...])
        }
        guard !lines.contains(where: { $0.first == 0x20 || $0.first == 0x09 }) else { throw .malformedHeader }
        return lines
    }

    /// UTF-8, with the three escapes that browsers write in names: `%22`, `%0D`, `%0A` (HTML, "multipart/form-data encoding").
    private static func text(_ bytes: [UInt8]) throws(MultipartError) -> String {
        var decoded: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            let escape = rest.prefix(3)
            if escape.elementsEqual("%22".utf8) {
                decoded.append(0x22)
                rest = rest.dropFirst(3)
            } else if escape.elementsEqual("%0D".utf8) || escape.elementsEqual("%0A".utf8) {
                decoded.append(escape.last == UInt8(ascii: "D") ? 0x0D : 0x0A)
                rest = rest.dropFirst(3)
            } else {
                decoded.append(byte)
                rest = rest.dropFirst()
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .malformedHeader }
        return text
    }
}
