// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `{filename}`: the client's file name, reduced to `[A-Za-z0-9._-]`, without a leading dot or two dots in a row, and with at most
/// 100 bytes.
///
/// Of a path only the last component is used. Each run of other characters becomes one `-`, except at the ends. A name that is
/// too long keeps its extension. If no character remains, the name is `file`.
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
