// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How file names are written in the keys of a rule.
package struct FilenameForm: Sendable, Hashable {
    /// Which characters are kept.
    package enum Characters: String, Sendable, Hashable, CaseIterable {
        /// ASCII letters and digits. Accents are dropped: `Grosse` for Größe.
        case ascii
        /// Letters, digits and marks of every script.
        case unicode
    }

    package let characters: Characters
    /// Whether a name that is not kept as it is gets a part of its hash, so that two names never have one key.
    package let hasHash: Bool

    package init(_ characters: Characters, hasHash: Bool) {
        self.characters = characters
        self.hasHash = hasHash
    }
}

/// `{filename}`: the client's file name, reduced to letters, digits, `_`, `-` and single dots, at most 100 bytes.
///
/// 1. The name is in normalisation form C. If it is a path, only the last component is used. Leading dots are dropped.
/// 2. Letters, digits and `_` are kept; in ASCII, accents are dropped. Each run of other characters becomes one `-`, except at the
///    ends of the stem and of the ending. A mark is kept after the character that it belongs to, and otherwise dropped.
/// 3. A stem without a character is `file`. The stem is cut, so that an ending of up to 16 bytes is kept. A cut is not between a
///    character and its marks.
///
/// With ``FilenameForm/hasHash``, a name that this changed, or that already looks as if it had a hash, gets `-` and 12 hexadecimal
/// digits after the stem: the beginning of the SHA-256 of the whole name as it was sent (with its folders), in normalisation form
/// C. So names that differ have different results, and names that are equal in that form have the same.
enum SafeFilename {
    static let limit = 100
    private static let extensionLimit = 16
    private static let hashDigits = 12

    static func append(_ filename: String, as form: FilenameForm, to key: inout [UInt8]) {
        let isAppended = filename.utf8.withContiguousStorageIfAvailable { bytes in
            guard isReduced(bytes), !(form.hasHash && looksHashed(bytes)) else { return false }
            key += bytes
            return true
        }
        if isAppended != true { appendReduced(filename, as: form, to: &key) }
    }

    /// Whether ASCII text is a name that no step changes.
    private static func isReduced(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (1...limit).contains(name.count) else { return false }
        var isAfterSeparator = true
        for byte in name {
            if byte.isASCIILetterOrDigit || byte == UInt8(ascii: "_") {
                isAfterSeparator = false
            } else if !isAfterSeparator, isSeparator(byte) {
                isAfterSeparator = true
            } else {
                return false
            }
        }
        return !isAfterSeparator
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool { scalar == "-" || scalar == "." }

    /// Whether the name, or its part before the last dot, ends as a name with a hash does. (A name whose ending was lost has its hash
    /// at the end, perhaps after a dot.)
    private static func looksHashed(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        func endsInHash(_ text: some BidirectionalCollection<UInt8>) -> Bool {
            let end = text.suffix(hashDigits + 1)
            return end.count == hashDigits + 1 && end.first == UInt8(ascii: "-")
                && end.dropFirst().allSatisfy { $0.hexDigitValue != nil }
        }
        if endsInHash(name) { return true }
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return endsInHash(name[..<dot])
    }

    private static func appendReduced(_ filename: String, as form: FilenameForm, to key: inout [UInt8]) {
        let whole = UnicodeData.shared.nfc(filename)
        let folders = whole.lastIndex { $0 == "/" || $0 == "\\" }
        let name = whole[(folders.map { $0 + 1 } ?? 0)...].drop { $0 == "." }
        let dot = name.lastIndex(of: ".")
        var ending = dot.map { reduce(name[($0 + 1)...], form.characters) } ?? []
        var stem = reduce(name[..<(dot ?? name.endIndex)], form.characters)
        if length(ending) > extensionLimit {
            stem += (stem.isEmpty ? [] : ["."]) + ending
            ending = []
        }
        let end = ending.isEmpty ? [] : [UInt8(ascii: ".")] + utf8(ending)
        let reduced = cut(stem, to: limit - end.count) + end
        let original = utf8(whole)
        guard form.hasHash, reduced != original || looksHashed(reduced) else {
            key += reduced
            return
        }
        key += cut(stem, to: limit - end.count - hashDigits - 1)
        key.append(UInt8(ascii: "-"))
        key += DigestAlgorithm.sha256.hash(original).hexadecimal.utf8.prefix(hashDigits)
        key += end
    }

    /// Returns the characters that are kept, with one `-` or `.` between them.
    private static func reduce(_ name: ArraySlice<Unicode.Scalar>, _ characters: FilenameForm.Characters) -> [Unicode.Scalar] {
        let unicode = UnicodeData.shared
        var reduced: [Unicode.Scalar] = []
        reduced.reserveCapacity(name.count)
        func append(_ scalar: Unicode.Scalar) {
            let hasBase = reduced.last.map { !isSeparator($0) } ?? false
            if scalar == "_" || unicode.isLetterOrDigit(scalar) || (hasBase && unicode.isMark(scalar)) {
                reduced.append(scalar)
            } else if hasBase {
                reduced.append(scalar == "." ? "." : "-")
            }
        }
        for scalar in name {
            switch characters {
            case .unicode: append(scalar)
            // An emoji or a letter of another script is as any other character.
            case .ascii: for byte in unicode.asciiForm(of: scalar) ?? [UInt8(ascii: "-")] { append(Unicode.Scalar(byte)) }
            }
        }
        while let last = reduced.last, isSeparator(last) { reduced.removeLast() }
        return reduced
    }

    /// Returns the stem in UTF-8, with at most so many bytes.
    private static func cut(_ stem: [Unicode.Scalar], to room: Int) -> [UInt8] {
        var bytes = 0
        var end =
            stem.firstIndex { scalar in
                bytes += UTF8.width(scalar)
                return bytes > room
            } ?? stem.endIndex
        // If the first that is left out is a mark, so is the character that it belongs to.
        while end > 0, end < stem.endIndex, UnicodeData.shared.isMark(stem[end]) { end -= 1 }
        var kept = stem[..<end]
        while let last = kept.last, isSeparator(last) { kept.removeLast() }
        return kept.isEmpty ? Array("file".utf8) : utf8(kept)
    }

    private static func length(_ scalars: [Unicode.Scalar]) -> Int { scalars.reduce(0) { $0 + UTF8.width($1) } }

    private static func utf8(_ scalars: some Collection<Unicode.Scalar>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * scalars.count)
        for scalar in scalars { bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
        return bytes
    }

    /// Returns the part after the last `/` or `\`. Old browsers send whole Windows paths.
    static func lastComponent(of filename: String) -> Substring.UTF8View {
        let bytes = filename.utf8
        guard let separator = bytes.lastIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else {
            return filename[...].utf8
        }
        return filename[bytes.index(after: separator)...].utf8
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
        appendFallback(name, to: &value)
        value += "\"; filename*=UTF-8''".utf8
        encoding.append(name, to: &value)
        return String(decoding: value, as: UTF8.self)
    }

    /// Appends the name for clients without `filename*` (RFC 6266, appendix D): without accents, and with `_` for each other character
    /// that is not ASCII, or that programs read differently: `=?` begins an encoded word (RFC 2047).
    private static func appendFallback(_ name: String, to value: inout [UInt8]) {
        func append(_ byte: UInt8) {
            let beginsWord = byte == UInt8(ascii: "?") && value.last == UInt8(ascii: "=")
            value.append(ByteSet.quotedName.contains(byte) && !beginsWord ? byte : UInt8(ascii: "_"))
        }
        if name.allBytes({ $0 < 0x80 }) { return name.utf8.forEach(append) }
        let start = value.count
        for scalar in name.unicodeScalars {
            (UnicodeData.shared.asciiForm(of: scalar) ?? [UInt8(ascii: "_")]).forEach(append)
        }
        if value.count == start { value.append(UInt8(ascii: "_")) }
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
        return DisplayName.shortened(scalars, to: nameLimit)
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
