// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `{filename}`: the client's file name, reduced to `[A-Za-z0-9._-]`, without a leading dot or two dots in a row, and with at most
/// 100 bytes.
///
/// If the name is a path, only its last component is used. Each run of other characters becomes one `-`, except at the ends. A
/// name that is too long keeps its extension. If no character remains, the name is `file`.
enum SafeFilename {
    static let limit = 100
    private static let extensionLimit = 16

    static func append(_ filename: String, to key: inout [UInt8]) {
        let name = Array(lastComponent(of: filename).drop { $0 == UInt8(ascii: ".") })
        let dot = name.lastIndex(of: UInt8(ascii: "."))
        var ending = dot.map { reduce(name[($0 + 1)...]) } ?? []
        var stem = reduce(name[..<(dot ?? name.endIndex)])
        if ending.count > extensionLimit {
            stem += (stem.isEmpty ? [] : [UInt8(ascii: ".")]) + ending
            ending = []
        }
        if stem.isEmpty { stem = Array("file".utf8) }
        let room = limit - (ending.isEmpty ? 0 : ending.count + 1)
        stem = Array(stem.prefix(room))
        while let last = stem.last, last == UInt8(ascii: "-") || last == UInt8(ascii: "."), stem.count > 1 { stem.removeLast() }
        key += stem
        if !ending.isEmpty {
            key.append(UInt8(ascii: "."))
            key += ending
        }
    }

    /// Returns the part after the last `/` or `\`. Old browsers send whole Windows paths.
    static func lastComponent(of filename: String) -> Substring.UTF8View {
        let bytes = filename.utf8
        guard let separator = bytes.lastIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else {
            return filename[...].utf8
        }
        return filename[bytes.index(after: separator)...].utf8
    }

    private static func reduce(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var reduced: [UInt8] = []
        reduced.reserveCapacity(bytes.count)
        for byte in bytes {
            let isDot = byte == UInt8(ascii: ".")
            if byte.isASCIILetterOrDigit || byte == UInt8(ascii: "_") {
                reduced.append(byte)
            } else if let last = reduced.last, last != UInt8(ascii: "-"), last != UInt8(ascii: ".") {
                reduced.append(isDot ? byte : UInt8(ascii: "-"))
            }
        }
        while let last = reduced.last, last == UInt8(ascii: "-") || last == UInt8(ascii: ".") { reduced.removeLast() }
        return reduced
    }
}

/// The `Content-Disposition` of the stored file (RFC 6266, section 4.2).
package enum DispositionType: String, Sendable, Hashable, CaseIterable {
    /// Browsers show the file if they can.
    case inline
    /// Browsers always offer to save the file.
    case attachment
}

/// The value of `Content-Disposition` (RFC 6266), with the client's file name if there is one.
enum ContentDisposition {
    private static let nameLimit = 200
    /// `ext-value` of RFC 5987 §3.2.1.
    private static let encoding = PercentEncoding(keeping: .attribute)

    static func value(_ type: DispositionType, filename: String?) -> String {
        let name = displayName(filename ?? "")
        if name.isEmpty { return type.rawValue }
        var value: [UInt8] = []
        value.reserveCapacity(64 + 2 * name.utf8.count)
        value += type.rawValue.utf8
        value += "; filename=\"".utf8
        for byte in name.utf8 where byte & 0xC0 != 0x80 {
            // For clients without filename* (RFC 6266, appendix D): every other character becomes one `_`.
            value.append(ByteSet.quotedName.contains(byte) ? byte : UInt8(ascii: "_"))
        }
        value += "\"; filename*=UTF-8''".utf8
        encoding.append(name, to: &value)
        return String(decoding: value, as: UTF8.self)
    }

    /// Returns the last path component without controls and without invisible characters that make a name look like another. A
    /// long name is shortened before its extension.
    private static func displayName(_ filename: String) -> String {
        let component = String(Substring(SafeFilename.lastComponent(of: filename)))
        if isPlain(component) { return component }
        var scalars = Array(component.unicodeScalars).filter(isVisible)
        scalars = Array(scalars.drop { $0 == " " })
        while scalars.last == " " { scalars.removeLast() }
        if scalars.allSatisfy({ $0 == "." }) { return "" }
        let name = text(scalars)
        guard name.utf8.count > nameLimit else { return name }
        let ending = scalars.lastIndex(of: ".").map { Array(scalars[$0...]) } ?? []
        let kept = ending.count <= 16 ? ending : []
        var room = nameLimit - kept.reduce(0) { $0 + UTF8.width($1) }
        let stem = scalars.dropLast(kept.count).prefix { scalar in
            room -= UTF8.width(scalar)
            return room >= 0
        }
        return text(stem + kept)
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * scalars.count)
        for scalar in scalars { bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a name is used unchanged: printable ASCII within the limit that neither begins nor ends with a space.
    private static func isPlain(_ name: String) -> Bool {
        let bytes = name.utf8
        guard bytes.count <= nameLimit, let first = bytes.first, let last = bytes.last else { return false }
        return first.isVisibleASCII && last.isVisibleASCII && bytes.allSatisfy { $0 == 0x20 || $0.isVisibleASCII }
            && !bytes.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
        // Noncharacters: these 32, and the last two of each plane.
        case 0xFDD0...0xFDEF: false
        default: scalar.value & 0xFFFE != 0xFFFE
        }
    }
}
