// SPDX-License-Identifier: Apache-2.0

/// Reads the subset of XML that AWS's services write.
///
/// It reads elements, attributes, text, CDATA sections, comments, the five named references and numeric ones. It refuses
/// document types, entities, processing instructions, encodings other than UTF-8, names with a prefix, and text next to elements.
/// Line ends are not normalised: no value that is used has one.
package struct XMLReader: Sendable {
    /// The bytes are not XML of this subset.
    package struct SyntaxError: Error {}

    /// An element, by the names from the root to it: `Error/Code`.
    package struct Element: Sendable, Hashable {
        package let path: String
        /// Empty if the element contains others.
        package var text = ""
    }

    /// The maximum size of a document.
    package static let maximumBytes = 65_536

    /// How deep elements may be nested.
    private static let maximumDepth = 16
    private static let maximumElements = 256
    private static let maximumAttributes = 16
    private static let maximumNameBytes = 64

    /// In the order of the start tags.
    package private(set) var elements: [Element] = []
    private let bytes: [UInt8]
    private var position = 0
    private var path: [String] = []
    /// The places in ``elements`` of the open elements.
    private var places: [Int] = []
    private var text: [UInt8] = []
    /// Whether the innermost open element contains no others so far.
    private var isLeaf = false

    /// - Throws: if the bytes are not one whole document within the bounds
    package init(_ bytes: [UInt8]) throws(SyntaxError) {
        self.bytes = bytes
        guard bytes.count <= Self.maximumBytes, let all = String(validating: bytes, as: UTF8.self),
            all.unicodeScalars.allSatisfy(Self.isAllowed)
        else { throw SyntaxError() }
        _ = take("\u{FEFF}")
        if take("<?xml") { try readDeclaration() }
        try skipCommentsAndSpace()
        guard take("<") else { throw SyntaxError() }
        try readStartTag()
        while !path.isEmpty { try readContent() }
        try skipCommentsAndSpace()
        guard position == bytes.count else { throw SyntaxError() }
    }

    private mutating func readDeclaration() throws(SyntaxError) {
        var left = try readAttributes(upTo: ["?>"]).list.map { "\($0.name)=\($0.value)" }[...]
        guard left.popFirst() == "version=1.0" else { throw SyntaxError() }
        for allowed in [["encoding=UTF-8", "encoding=utf-8"], ["standalone=yes", "standalone=no"]] {
            if let next = left.first, allowed.contains(next) { left.removeFirst() }
        }
        guard left.isEmpty else { throw SyntaxError() }
    }

    private mutating func skipCommentsAndSpace() throws(SyntaxError) {
        repeat { _ = skipSpace() } while try skipComment()
    }

    private mutating func skipComment() throws(SyntaxError) -> Bool {
        guard take("<!--") else { return false }
        _ = try read(upTo: "--")
        guard take(">") else { throw SyntaxError() }
        return true
    }

    private mutating func readContent() throws(SyntaxError) {
        guard position < bytes.count else { throw SyntaxError() }
        if try skipComment() { return }
        if take("<![CDATA[") {
            text += try read(upTo: "]]>")
        } else if take("</") {
            let name = try readName()
            _ = skipSpace()
            guard take(">"), path.last == name else { throw SyntaxError() }
            try closeElement()
        } else if take("<") {
            try readStartTag()
        } else {
            let run = bytes[position...].prefix { $0 != UInt8(ascii: "<") }
            position = run.endIndex
            guard run.firstRange(of: Array("]]>".utf8)) == nil else { throw SyntaxError() }
            text += try Self.resolvingReferences(run)
        }
    }

    private mutating func readStartTag() throws(SyntaxError) {
        guard text.allSatisfy(Self.isSpace) else { throw SyntaxError() }
        path.append(try readName())
        guard path.count <= Self.maximumDepth, elements.count < Self.maximumElements else { throw SyntaxError() }
        places.append(elements.count)
        elements.append(Element(path: path.joined(separator: "/")))
        (text, isLeaf) = ([], true)
        if try readAttributes(upTo: ["/>", ">"]).end == "/>" { try closeElement() }
    }

    private mutating func closeElement() throws(SyntaxError) {
        if isLeaf, let place = places.last {
            elements[place].text = String(decoding: text, as: UTF8.self)
        } else if !text.allSatisfy(Self.isSpace) {
            throw SyntaxError()
        }
        (text, isLeaf) = ([], false)
        path.removeLast()
        places.removeLast()
    }

    /// Returns the attributes of a tag, and the mark that ended it.
    private mutating func readAttributes(
        upTo ends: [String]
    ) throws(SyntaxError) -> (list: [(name: String, value: String)], end: String) {
        var list: [(name: String, value: String)] = []
        while true {
            let hasSpace = skipSpace()
            for end in ends where take(end) { return (list, end) }
            var name = try readName()
            if name == "xmlns", take(":") { name += ":" + (try readName()) }
            guard hasSpace, list.count < Self.maximumAttributes, !list.contains(where: { $0.name == name }) else {
                throw SyntaxError()
            }
            _ = skipSpace()
            guard take("=") else { throw SyntaxError() }
            _ = skipSpace()
            guard let quote = ["\"", "'"].first(where: { bytes[position...].starts(with: $0.utf8) }), take(quote) else {
                throw SyntaxError()
            }
            let value = try read(upTo: quote)
            guard !value.contains(UInt8(ascii: "<")) else { throw SyntaxError() }
            list.append((name, String(decoding: try Self.resolvingReferences(value), as: UTF8.self)))
        }
    }

    private mutating func readName() throws(SyntaxError) -> String {
        let name = bytes[position...].prefix(while: Self.isNamePart)
        // A name does not begin with a digit or a sign.
        guard let first = name.first, first >= UInt8(ascii: "A"), name.count <= Self.maximumNameBytes else { throw SyntaxError() }
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

    /// Returns the bytes up to a mark, and skips the mark.
    private mutating func read(upTo mark: String) throws(SyntaxError) -> ArraySlice<UInt8> {
        guard let range = bytes[position...].firstRange(of: Array(mark.utf8)) else { throw SyntaxError() }
        defer { position = range.upperBound }
        return bytes[position..<range.lowerBound]
    }

    /// Returns a text with its references replaced.
    private static func resolvingReferences(_ text: ArraySlice<UInt8>) throws(SyntaxError) -> [UInt8] {
        var rest = text
        var resolved: [UInt8] = []
        while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
            guard let end = rest[start...].firstIndex(of: UInt8(ascii: ";")),
                let character = character(String(decoding: rest[(start + 1)..<end], as: UTF8.self))
            else { throw SyntaxError() }
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
            // The initialiser would also accept a sign.
            guard digits.first?.isHexDigit == true, let number = UInt32(digits, radix: isHexadecimal ? 16 : 10) else {
                return nil
            }
            return Unicode.Scalar(number).flatMap { isAllowed($0) ? $0 : nil }
        }
    }

    /// The ASCII characters of a name without a prefix.
    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
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
