// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A block of a PEM file (RFC 7468), not decoded yet.
struct PEMBlock {
    /// The text after BEGIN, for example `PUBLIC KEY`.
    let label: String
    /// The block with its BEGIN and END lines.
    let text: String
    /// What a line `kid: …` before the block says. RFC 7468 section 5.2 allows any text between blocks.
    let id: String?

    /// Finds a file's blocks.
    static func read(_ bytes: [UInt8]) throws(KeySetError) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var id: String?
        var open: (label: String, lines: [String])?
        for rawLine in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = String(decoding: trimmed(rawLine), as: UTF8.self)
            if let (label, lines) = open {
                open = (label, lines + [line])
                guard let ended = content(of: line, after: "-----END ", before: "-----") else { continue }
                guard ended.hasSameBytes(as: label) else { throw .notPEM }
                blocks.append(PEMBlock(label: label, text: (lines + [line]).joined(separator: "\n"), id: id))
                (open, id) = (nil, nil)
            } else if let label = content(of: line, after: "-----BEGIN ", before: "-----") {
                open = (label, [line])
            } else if let value = content(of: line, after: "kid:", before: "") {
                id = String(decoding: trimmed(Array(value.utf8)[...]), as: UTF8.self)
            }
        }
        guard open == nil, !blocks.isEmpty else { throw .notPEM }
        return blocks
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let rest = line.drop(while: isBlank)
        guard let end = rest.lastIndex(where: { !isBlank($0) }) else { return [] }
        return rest[...end]
    }

    private static func content(of line: String, after start: String, before end: String) -> String? {
        let (line, start, end) = (Array(line.utf8), Array(start.utf8), Array(end.utf8))
        guard line.count >= start.count + end.count, line.starts(with: start), line.suffix(end.count).elementsEqual(end)
        else { return nil }
        return String(decoding: line[start.count..<(line.count - end.count)], as: UTF8.self)
    }
}
