// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Reads the XML of STS, and refuses all that STS does not write.
///
/// It knows elements, attributes, text, CDATA sections, comments, the five references by name and those by number. Refused are
/// document types, entities, processing instructions, other encodings than UTF-8, names with a prefix, text beside elements, and an
/// element that appears twice in the same place. Line ends stay as they are: no value that is used has one.
struct XMLReader {
    /// The bytes are refused.
    struct Refusal: Error {}

    /// The most bytes that are read.
    static let limit = 65_536
    /// How deep elements may be nested.
    static let deepest = 16
    /// How many elements there may be.
    static let most = 256

    /// The text of each element that has no others inside, by its path; an empty text for the others.
    private(set) var texts: [String: String] = [:]
    private let bytes: [UInt8]
    private var position = 0
    private var path: [String] = []
    private var text: [UInt8] = []
    /// Whether the innermost open element has no others inside so far.
    private var isLeaf = false

    /// - Throws: `Refusal` where the bytes are not one whole document within the bounds
    init(_ bytes: [UInt8]) throws(Refusal) {
        self.bytes = bytes
        guard bytes.count <= Self.limit, let all = String(validating: bytes, as: UTF8.self),
            all.unicodeScalars.allSatisfy(Self.isAllowed)
        else { throw Refusal() }
        _ = take("\u{FEFF}")
        if take("<?xml") { try declaration() }
        try commentsAndSpace()
        guard take("<") else { throw Refusal() }
        try startTag()
        while !path.isEmpty { try content() }
        try commentsAndSpace()
        guard position == bytes.count else { throw Refusal() }
    }

    private mutating func declaration() throws(Refusal) {
        var left = try attributes(upTo: ["?>"]).list.map { "\($0.name)=\($0.value)" }[...]
        guard left.popFirst() == "version=1.0" else { throw Refusal() }
        for allowed in [["encoding=UTF-8", "encoding=utf-8"], ["standalone=yes", "standalone=no"]] {
            if let next = left.first, allowed.contains(next) { left.removeFirst() }
        }
        guard left.isEmpty else { throw Refusal() }
    }

    private mutating func commentsAndSpace() throws(Refusal) {
        repeat { _ = skipSpace() } while try comment()
    }

    private mutating func comment() throws(Refusal) -> Bool {
        guard take("<!--") else { return false }
        _ = try piece(upTo: "--")
        guard take(">") else { throw Refusal() }
        return true
    }

    private mutating func content() throws(Refusal) {
        guard position < bytes.count else { throw Refusal() }
        if try comment() { return }
        if take("<![CDATA[") {
            text += try piece(upTo: "]]>")
        } else if take("</") {
            let name = try name()
            _ = skipSpace()
            guard take(">"), path.last == name else { throw Refusal() }
            try endElement()
        } else if take("<") {
            try startTag()
        } else {
            let run = bytes[position...].prefix { $0 != UInt8(ascii: "<") }
            position = run.endIndex
            guard run.firstRange(of: Array("]]>".utf8)) == nil else { throw Refusal() }
            text += try Self.resolved(run)
        }
    }

    private mutating func startTag() throws(Refusal) {
        guard text.allSatisfy(Self.isSpace) else { throw Refusal() }
        path.append(try name())
        guard path.count <= Self.deepest, texts.updateValue("", forKey: path.joined(separator: "/")) == nil,
            texts.count <= Self.most
        else { throw Refusal() }
        (text, isLeaf) = ([], true)
        if try attributes(upTo: ["/>", ">"]).end == "/>" { try endElement() }
    }

    private mutating func endElement() throws(Refusal) {
        if isLeaf {
            texts[path.joined(separator: "/")] = String(decoding: text, as: UTF8.self)
        } else if !text.allSatisfy(Self.isSpace) {
            throw Refusal()
        }
        (text, isLeaf) = ([], false)
        path.removeLast()
    }

    /// The attributes of a tag, and which of the marks ended it.
    private mutating func attributes(
        upTo ends: [String]
    ) throws(Refusal) -> (list: [(name: String, value: String)], end: String) {
        var list: [(name: String, value: String)] = []
        while true {
            let isApart = skipSpace()
            for end in ends where take(end) { return (list, end) }
            var name = try name()
            if name == "xmlns", take(":") { name += ":" + (try self.name()) }
            guard isApart, list.count < 16, !list.contains(where: { $0.name == name }) else { throw Refusal() }
            _ = skipSpace()
            guard take("=") else { throw Refusal() }
            _ = skipSpace()
            guard let quote = ["\"", "'"].first(where: { bytes[position...].starts(with: $0.utf8) }), take(quote) else {
                throw Refusal()
            }
            let value = try piece(upTo: quote)
            guard !value.contains(UInt8(ascii: "<")) else { throw Refusal() }
            list.append((name, String(decoding: try Self.resolved(value), as: UTF8.self)))
        }
    }

    private mutating func name() throws(Refusal) -> String {
        let name = bytes[position...].prefix { $0.isASCIILetterOrDigit || "_-.".utf8.contains($0) }
        // Neither a digit nor a sign comes first.
        guard let first = name.first, first >= UInt8(ascii: "A"), name.count <= 64 else { throw Refusal() }
        position = name.endIndex
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func skipSpace() -> Bool {
        let start = position
        position = bytes[position...].prefix(while: Self.isSpace).endIndex
        return position > start
    }

    private mutating func take(_ mark: String) -> Bool {
        guard bytes[position...].starts(with: mark.utf8) else { return false }
        position += mark.utf8.count
        return true
    }

    /// The bytes up to a mark; the mark is stepped over.
    private mutating func piece(upTo mark: String) throws(Refusal) -> ArraySlice<UInt8> {
        guard let range = bytes[position...].firstRange(of: Array(mark.utf8)) else { throw Refusal() }
        defer { position = range.upperBound }
        return bytes[position..<range.lowerBound]
    }

    /// A text with its references replaced.
    private static func resolved(_ text: ArraySlice<UInt8>) throws(Refusal) -> [UInt8] {
        var rest = text
        var resolved: [UInt8] = []
        while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
            guard let end = rest[start...].firstIndex(of: UInt8(ascii: ";")),
                let character = character(String(decoding: rest[(start + 1)..<end], as: UTF8.self))
            else { throw Refusal() }
            resolved += rest[..<start]
            resolved += String(character).utf8
            rest = rest[(end + 1)...]
        }
        return resolved + rest
    }

    private static func character(_ reference: String) -> Unicode.Scalar? {
        switch reference {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard reference.first == "#" else { return nil }
            let isHexadecimal = reference.dropFirst().first == "x"
            let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
            // A sign would be read too.
            guard digits.first?.isHexDigit == true, let number = UInt32(digits, radix: isHexadecimal ? 16 : 10) else {
                return nil
            }
            return Unicode.Scalar(number).flatMap { isAllowed($0) ? $0 : nil }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Section 2.2 of XML 1.0.
    private static func isAllowed(_ character: Unicode.Scalar) -> Bool {
        switch character.value {
        case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
