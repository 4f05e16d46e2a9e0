// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

/// A parsed `keyPrefix` or `keyName`. `{tenant}` is already replaced. The value of a placeholder cannot extend beyond its
/// segment of the key.
package struct KeyTemplate: Sendable, Hashable {
    /// A piece of a template.
    package enum Part: Sendable, Hashable {
        /// UTF-8, as it is in the key.
        case literal([UInt8])
        case placeholder(Placeholder)
    }

    /// What a template may contain in braces.
    package enum Placeholder: Sendable, Hashable {
        /// The tenant's id, inserted when the file is read.
        case tenant
        /// The user, encoded so that no two users have the same text: ``UserSegment``.
        case user
        /// The name of the user's issuer, so that the users of two issuers have different keys.
        case issuer
        /// The attribute of this name, which the issuer declares, encoded like a user.
        case claim(String)
        /// An identifier that is given by the caller and never used twice.
        case uuid
        /// The usual ending of the content type, ``FileExtension``, or one that the rule gives to the type. It depends on the file's
        /// name only if the rule gives several.
        case ext
        /// The client's file name, reduced to safe characters: ``SafeFilename``. A request without one is as one with an empty name.
        case filename
        /// The folders of the client's path, each reduced as a file name and followed by `/`: 0 to ``FolderPath/limit`` whole segments.
        /// The slash after it in the template is part of it.
        case path
        /// A value of the request: a whole segment.
        case parameter(UploadParameter)
        /// The year of the ticket in UTC, four digits.
        case yyyy
        /// The month of the ticket in UTC, two digits.
        case mm
        /// The day of the ticket in UTC, two digits.
        case dd
    }

    /// The template as it is written in the rule file.
    package let text: String
    package let parts: [Part]

    /// Whether the client's file name is part of the key.
    package var usesFilename: Bool { uses(.filename) }
    /// Whether the user is part of the key.
    package var usesUser: Bool { uses(.user) }

    package func uses(_ placeholder: Placeholder) -> Bool {
        parts.contains(.placeholder(placeholder))
    }

    /// The names of the attributes in `{claim.NAME}`, each once.
    package static func attributes(of parts: [Part]) -> [String] {
        var names: [String] = []
        for case .placeholder(.claim(let name)) in parts where !names.contains(name) { names.append(name) }
        return names
    }

    /// The bytes with which every key of this template begins: everything before the first placeholder.
    package var leadingBytes: [UInt8] {
        guard case .literal(let bytes)? = parts.first else { return [] }
        return bytes
    }

    /// The parts between the slashes; `{path}`, which may be several segments or none, is one. The last segment is empty if the template ends in `/`.
    package var segments: [[Part]] {
        var segments: [[Part]] = [[]]
        for part in parts {
            guard case .literal(let bytes) = part else {
                segments[segments.count - 1].append(part)
                if part == .placeholder(.path) { segments.append([]) }
                continue
            }
            for (place, piece) in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).enumerated() {
                if place > 0 { segments.append([]) }
                if !piece.isEmpty { segments[segments.count - 1].append(.literal(Array(piece))) }
            }
        }
        return segments
    }
}

extension KeyTemplate.Placeholder {
    /// The placeholders other than `{claim.NAME}` and parameters.
    package static let simple: [Self] = [.tenant, .user, .issuer, .uuid, .ext, .filename, .path, .yyyy, .mm, .dd]

    /// The text in the braces.
    package var name: String {
        switch self {
        case .tenant: "tenant"
        case .user: "user"
        case .issuer: "issuer"
        case .claim(let name): "claim.\(name)"
        case .uuid: "uuid"
        case .ext: "ext"
        case .filename: "filename"
        case .path: "path"
        case .parameter(let parameter): parameter.name
        case .yyyy: "yyyy"
        case .mm: "mm"
        case .dd: "dd"
        }
    }

    /// Whether its value says whose file it is.
    package var isOwner: Bool {
        switch self {
        case .user, .issuer, .claim: true
        case .tenant, .uuid, .ext, .filename, .path, .parameter, .yyyy, .mm, .dd: false
        }
    }

    /// Whether the text can name a parameter: it is that of an attribute, and no placeholder has it.
    package static func isParameterName(_ text: String) -> Bool {
        // {rule} is a placeholder of metadata.
        isAttributeName(text) && text != "rule" && !simple.contains { $0.name.hasSameBytes(as: text) }
    }

    /// Whether the text can name an attribute: `[a-z0-9][a-z0-9_-]{0,62}`.
    package static func isAttributeName(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first else { return false }
        guard first.isASCIILowercase || first.isASCIIDigit else { return false }
        return text.allBytes { $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension KeyTemplate.Part {
    package var placeholder: KeyTemplate.Placeholder? {
        guard case .placeholder(let placeholder) = self else { return nil }
        return placeholder
    }
}

// MARK: Making keys

extension KeyTemplate {
    /// The values of the placeholders of one key.
    struct Values {
        /// Without a user, templates with `{user}` make no key; the same holds for the issuer and for attributes.
        let uploader: Uploader
        let uuid: String
        let contentType: String
        /// `{ext}`; nil for the usual one of the content type.
        var ending: String?
        let filename: String?
        let filenames: FilenameForm
        let parameters: [(String, String)]
        let path: String?
        let day: CivilTime
    }

    /// Makes a whole key from this template, which is the prefix, and from the template of the name.
    ///
    /// The key begins with ``leadingBytes``, has neither `$`, `{`, `}` nor controls, and no segment is empty, `.` or `..`.
    ///
    /// - Returns: the key, and where the user stands in it, in bytes
    /// - Throws: `Refusal.userRequired`, `.claimMissing`, `.keyTooLong`, or `.invalid` for an empty or too long user.
    func makeKey(name: KeyTemplate, _ values: Values) throws(Refusal) -> (key: ObjectKey, users: [Range<Int>]) {
        if usesUser || name.usesUser { _ = try values.uploader.requiredUser }
        // An identifier with other characters is the caller's mistake, not the client's.
        guard values.uuid.allBytes({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }) else { throw Self.unsafeKey }
        var key: [UInt8] = []
        key.reserveCapacity(128)
        var users: [Range<Int>] = []
        try append(values, to: &key, notingUsers: &users)
        try name.append(values, to: &key, notingUsers: &users)
        guard key.count <= UploadPolicy.maximumKeyBytes else {
            throw .keyTooLong(
                bytes: key.count,
                hasFilename: (values.filename != nil && (usesFilename || name.usesFilename))
                    || (values.path != nil && (uses(.path) || name.uses(.path))))
        }
        // No request leads to an unsafe key: templates are checked when they are read, and placeholders are encoded.
        guard key.starts(with: leadingBytes), Self.isSafe(key) else { throw Self.unsafeKey }
        do throws(PolicyError) {
            return (try ObjectKey(String(decoding: key, as: UTF8.self)), users)
        } catch {
            throw Self.unsafeKey
        }
    }

    private static let unsafeKey = Refusal.invalid("No safe key can be built for this request.")

    /// Appends the text of this template, and the ranges of the user in the key.
    private func append(
        _ values: Values, to key: inout [UInt8], notingUsers users: inout [Range<Int>]
    ) throws(Refusal) {
        for part in parts {
            switch part {
            case .literal(let bytes): key += bytes
            case .placeholder(.user):
                let start = key.count
                try Self.append(.user, values, to: &key)
                users.append(start..<key.count)
            case .placeholder(let placeholder): try Self.append(placeholder, values, to: &key)
            }
        }
    }

    /// Appends what a placeholder becomes in a key.
    static func append(_ placeholder: Placeholder, _ values: Values, to key: inout [UInt8]) throws(Refusal) {
        switch placeholder {
        case .tenant: break
        case .user: UserSegment.append(values.uploader.user ?? "", to: &key)
        case .issuer:
            // Rule files are refused if an issuer that can use the rule has no name.
            guard let issuer = values.uploader.issuer else { throw unsafeKey }
            key += issuer.utf8
        case .claim(let name):
            UserSegment.append(try values.uploader.attribute(name), to: &key)
        case .uuid: key += values.uuid.utf8
        case .ext: key += (values.ending ?? FileExtension.of(contentType: values.contentType)).utf8
        case .filename: SafeFilename.append(values.filename ?? "", as: values.filenames, to: &key)
        case .path:
            if let path = values.path { try FolderPath.append(path, as: values.filenames, to: &key) }
        case .parameter(let parameter):
            // The rule has checked that it is there.
            guard let given = values.parameters.first(where: { $0.0.hasSameBytes(as: parameter.name) }) else { throw unsafeKey }
            UserSegment.append(parameter.kind == .uuid ? given.1.asciiLowercased : given.1, to: &key)
        case .yyyy:
            appendTwoDigits(values.day.year / 100, to: &key)
            appendTwoDigits(values.day.year % 100, to: &key)
        case .mm: appendTwoDigits(values.day.month, to: &key)
        case .dd: appendTwoDigits(values.day.day, to: &key)
        }
    }

    private static func appendTwoDigits(_ number: Int, to key: inout [UInt8]) {
        key.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        key.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// Whether a key has neither `$`, `{`, `}` nor controls, and no segment that is empty, `.` or `..`.
    private static func isSafe(_ key: [UInt8]) -> Bool {
        var length = 0
        var dots = 0
        for byte in key {
            switch byte {
            case UInt8(ascii: "/"):
                if length == dots, length <= 2 { return false }
                length = 0
                dots = 0
                continue
            case UInt8(ascii: "$"), UInt8(ascii: "{"), UInt8(ascii: "}"), 0..<0x20, 0x7F:
                return false
            case UInt8(ascii: "."):
                dots += 1
            default:
                break
            }
            length += 1
        }
        return !(length == dots && length <= 2)
    }
}
