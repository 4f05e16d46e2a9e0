// SPDX-License-Identifier: Apache-2.0

import PostPolicy
package import WireFormats

/// A value of `metadata.fixed` or of `tags`: text with the placeholders of key templates. `{rule}` and `{tenant}` are already
/// replaced, and `{{` stands for a brace.
package struct FieldTemplate: Sendable, Hashable {
    /// A piece of a template.
    package enum Part: Sendable, Hashable {
        case literal(String)
        case placeholder(KeyTemplate.Placeholder)
    }

    package let parts: [Part]

    /// A template without placeholders.
    package init(constant text: String) {
        parts = text.isEmpty ? [] : [.literal(text)]
    }

    /// The whole text; nil if there are placeholders.
    package var constant: String? {
        switch parts.first {
        case nil: ""
        case .literal(let text)? where parts.count == 1: text
        default: nil
        }
    }

    /// The text without the placeholders.
    package var literal: String {
        parts.reduce("") { text, part in
            if case .literal(let literal) = part { text + literal } else { text }
        }
    }

    package func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool {
        parts.contains(.placeholder(placeholder))
    }

    /// The most bytes that a value in metadata can have.
    package var maximumBytes: Int {
        parts.reduce(0) { bytes, part in
            switch part {
            case .literal(let text): bytes + text.utf8.count
            case .placeholder(let placeholder): bytes + placeholder.maximumFieldBytes
            }
        }
    }

    /// The longest file name in metadata, in bytes: file systems allow 255 UTF-16 units, which are 765 bytes at most.
    static let filenameLimit = 765
}

extension KeyTemplate.Placeholder {
    /// The most bytes that its value can have in metadata.
    fileprivate var maximumFieldBytes: Int {
        switch self {
        case .user, .claim: Uploader.maximumUserBytes
        case .issuer: 128
        case .uuid: 36
        case .ext: 16
        case .yyyy: 4
        case .mm, .dd: 2
        case .tenant: 0
        case .filename: FieldTemplate.filenameLimit
        case .path: FolderPath.limit * (SafeFilename.limit + 1)
        case .parameter: 64
        }
    }
}

// MARK: Parsing

extension FieldTemplate {
    /// Parses a template.
    ///
    /// - Parameters:
    ///   - text: The template as it is written in the rule file.
    ///   - what: For messages: “the value”.
    ///   - tenant: The tenant's id, which replaces `{tenant}`.
    ///   - rule: The rule's name, which replaces `{rule}`.
    ///   - parameters: Those that the rule declares.
    package init(parsing text: String, what: String, tenant: String, rule: String, parameters: [UploadParameter] = [])
        throws(ValueError)
    {
        if PlainText.hasControls(text) { throw ValueError("\(what) has a control character", "remove it") }
        if PlainText.expands(text) {
            throw ValueError(
                "\(what) holds “${”, which S3 expands",
                text.contains("${filename}") ? "write {filename}: the server fills it in" : "write it without “${”")
        }
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "{") else {
                literal.append(byte)
                continue
            }
            if rest.first == byte {
                rest.removeFirst()
                literal.append(byte)
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                throw ValueError("\(what) has a “{” that is not closed", "write placeholders as {user}, and a brace as {{")
            }
            let name = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            if name.hasSameBytes(as: "rule") {
                literal += rule.utf8
                continue
            }
            let placeholder = try KeyTemplate.placeholder(name, parameters, besides: ["rule"], orElse: ", or {{ for a brace")
            if placeholder == .tenant {
                literal += tenant.utf8
                continue
            }
            if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
            literal = []
            parts.append(.placeholder(placeholder))
        }
        if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
        self.parts = parts
        // `{{` after a “$”.
        if let constant, PlainText.expands(constant) {
            throw ValueError("\(what) holds “${”, which S3 expands", "write it without “${”")
        }
    }
}

// MARK: Values

extension FieldTemplate {
    /// Returns the value for an object's metadata: UTF-8 as it is, since browser-based uploads have no encoding of their own.
    ///
    /// A header field does not keep spaces at its ends, and readers decode `=?…?=` (RFC 2047): a user's name with any of these could
    /// be read as another's, so it is refused, and so is a name with a control or with `${`, which S3 expands.
    /// - Throws: `Refusal.userRequired`, `.claimMissing` or `.invalid`
    func metadataValue(_ values: KeyTemplate.Values) throws(Refusal) -> String {
        var text: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let literal): text += literal.utf8
            case .placeholder(.user): text += try Self.plain(try values.uploader.requiredUser, "user").utf8
            case .placeholder(.claim(let name)): text += try Self.plain(try values.uploader.attribute(name), "claim").utf8
            case .placeholder(.filename): text += DisplayName.full(values.filename ?? "", atMost: Self.filenameLimit).utf8
            case .placeholder(let placeholder): try KeyTemplate.append(placeholder, values, to: &text)
            }
        }
        let value = String(decoding: text, as: UTF8.self)
        // Where two placeholders meet.
        if PlainText.expands(value) { throw Self.expanding }
        return value
    }

    private static let expanding = Refusal.invalid(
        "This rule stores a text with \"${\" as metadata, which the store would expand; send a file name without it.",
        about: .metadata)

    private static func plain(_ text: String, _ what: String) throws(Refusal) -> String {
        let bytes = text.utf8
        if PlainText.hasControls(text) || PlainText.expands(text) || bytes.first == 0x20 || bytes.last == 0x20
            || text.contains("=?")
        {
            throw .invalid(
                "This rule stores the \(what) as metadata, which cannot hold a control character, a space at either end, \"${\" or \"=?\", as this \(what) does; use another rule.",
                about: .metadata)
        }
        return text
    }

    /// Returns the value of a tag, with the characters that every store takes in tags.
    ///
    /// In a user and in a claim every byte but letters, digits and `_-.:/@+` becomes `=XX`, so that no two users have the same tag. In a
    /// file name other characters become `_`, and it is shortened to what the tag has room for. The limit is in bytes here, as Ceph
    /// counts, though AWS counts characters.
    /// - Throws: `Refusal.userRequired`, `.claimMissing`, or `.invalid` if the tag is too long
    func tagValue(_ values: KeyTemplate.Values) throws(Refusal) -> String {
        var pieces: [String] = []
        var names = 0
        for part in parts {
            switch part {
            case .literal(let literal): pieces.append(literal)
            case .placeholder(.user): pieces.append(Self.tagEncoding.encode(try values.uploader.requiredUser))
            case .placeholder(.claim(let name)): pieces.append(Self.tagEncoding.encode(try values.uploader.attribute(name)))
            case .placeholder(.filename):
                names += 1
                pieces.append("")
            case .placeholder(let placeholder):
                var text: [UInt8] = []
                try KeyTemplate.append(placeholder, values, to: &text)
                pieces.append(DisplayName.inTag(String(decoding: text, as: UTF8.self).unicodeScalars))
            }
        }
        let length = pieces.reduce(0) { $0 + $1.utf8.count }
        guard length <= Tag.maximumValueLength else {
            throw .invalid(
                "This rule tags files with a text that would have \(length) bytes for this user, and stores take at most \(Tag.maximumValueLength); use another rule.",
                about: .tags)
        }
        if names > 0 {
            let room = (Tag.maximumValueLength - length) / names
            let name = DisplayName.inTag(values.filename ?? "", atMost: room)
            for (index, part) in parts.enumerated() where part == .placeholder(.filename) { pieces[index] = name }
        }
        return pieces.joined()
    }

    private static let tagEncoding = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "_-.:/@+"), escape: "=")
}

/// A client's file name for people, with all its characters.
enum DisplayName {
    /// Returns the last path component without control characters, without the `$` of `${`, and without spaces at its ends. A name
    /// of more bytes than the limit is shortened before its extension.
    static func full(_ filename: String, atMost limit: Int) -> String {
        shortened(scalars(of: filename), to: limit)
    }

    /// The same with `_` for each character but letters, digits, spaces and `+-=._:/@`.
    static func inTag(_ filename: String, atMost limit: Int) -> String {
        shortened(scalars(of: filename).map { isSafeInTag($0) ? $0 : "_" }, to: limit)
    }

    /// Returns the text with `_` for each such character.
    static func inTag(_ text: some Sequence<Unicode.Scalar>) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.map { isSafeInTag($0) ? $0 : "_" })
        return String(result)
    }

    private static func scalars(of filename: String) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in String(Substring(SafeFilename.lastComponent(of: filename))).unicodeScalars {
            // What PlainText.hasControls finds: controls, and the separators of lines and paragraphs.
            if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value & ~1 == 0x2028 { continue }
            if scalar == "{" { while result.last == "$" { result.removeLast() } }
            if scalar == " ", result.isEmpty { continue }
            result.append(scalar)
        }
        while result.last == " " { result.removeLast() }
        return result
    }

    /// Shortens a name before its extension, if that has at most 16 characters.
    /// - Parameter limit: in bytes of UTF-8
    static func shortened(_ scalars: [Unicode.Scalar], to limit: Int) -> String {
        func length(_ scalars: ArraySlice<Unicode.Scalar>) -> Int { scalars.reduce(0) { $0 + UTF8.width($1) } }
        var kept = scalars
        if length(scalars[...]) > limit {
            let dot = scalars.lastIndex(of: ".").flatMap { scalars.count - $0 <= 16 ? $0 : nil } ?? scalars.endIndex
            let ending = length(scalars[dot...]) < limit ? scalars[dot...] : []
            var room = limit - length(ending)
            let stem = scalars.prefix { scalar in
                room -= UTF8.width(scalar)
                return room >= 0
            }
            kept = Array(stem + ending)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: kept)
        return String(text)
    }

    /// Whether AWS takes the character in a tag: its set of letters, digits and spaces has no combining marks.
    private static func isSafeInTag(_ scalar: Unicode.Scalar) -> Bool {
        if let byte = UInt8(exactly: scalar.value), byte < 0x80 { return byte == 0x20 || Tag.isAllowedASCII(byte) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber:
            return true
        default: return false
        }
    }
}
