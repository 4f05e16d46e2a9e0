// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Whether two segments of key templates can have the same text. `{path}` is one segment here: see ``expansions(of:)``.
package enum SegmentOverlap {
    package typealias Segment = [KeyTemplate.Part]

    /// Returns whether some text may match both segments; false only if certainly none does.
    package static func mayOverlap(_ left: Segment, _ right: Segment) -> Bool {
        switch (literal(left), literal(right)) {
        case (let left?, let right?): left == right
        case (let text?, nil): canMatch(right, text)
        case (nil, let text?): canMatch(left, text)
        case (nil, nil):
            haveCompatiblePrefixes(left, right) && haveCompatiblePrefixes(left.reversed(), right.reversed(), reversed: true)
        }
    }

    /// Returns the segments with as many `{path}` as there may be folders, from none on.
    package static func expansions(of segments: [Segment]) -> [[Segment]] {
        guard let place = segments.firstIndex(of: [.placeholder(.path)]) else { return [segments] }
        return (0...FolderPath.limit).flatMap { count in
            expansions(of: Array(segments[(place + 1)...])).map { rest in
                segments[..<place] + Array(repeating: segments[place], count: count) + rest
            }
        }
    }

    /// Returns the text of a segment without placeholders; nil if it has one.
    private static func literal(_ segment: Segment) -> [UInt8]? {
        guard segment.count <= 1 else { return nil }
        guard let part = segment.first else { return [] }
        guard case .literal(let bytes) = part else { return nil }
        return bytes
    }

    private static func canMatch(_ segment: Segment, _ text: [UInt8]) -> Bool {
        if segment.count == 1, case .placeholder(let placeholder) = segment[0] { return canMatch(placeholder, text) }
        return haveCompatiblePrefixes(segment, [.literal(text)])
            && haveCompatiblePrefixes(segment.reversed(), [.literal(text)], reversed: true)
    }

    private static func canMatch(_ placeholder: KeyTemplate.Placeholder, _ text: [UInt8]) -> Bool {
        switch placeholder {
        case .tenant: return true
        case .user, .claim: return UserSegment.isValid(text)
        case .issuer: return text.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        case .uuid: return text.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }
        case .ext: return text.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit }
        case .parameter(let parameter): return parameter.kind.allows(text)
        // One of the folders of a path.
        case .filename, .path:
            // Whatever the rule's `filenames` says, and with a hash or without: reducing a name again changes nothing then.
            var reduced: [UInt8] = []
            SafeFilename.append(String(decoding: text, as: UTF8.self), as: FilenameForm(.unicode, hasHash: false), to: &reduced)
            return reduced == text
        case .yyyy: return text.count == 4 && text.allSatisfy(\.isASCIIDigit)
        case .mm, .dd: return text.count == 2 && text.allSatisfy(\.isASCIIDigit)
        }
    }

    /// Whether the literal beginning (or end) of one segment is a prefix (or suffix) of the other's.
    private static func haveCompatiblePrefixes(_ left: Segment, _ right: Segment, reversed: Bool = false) -> Bool {
        guard case .literal(let left)? = left.first, case .literal(let right)? = right.first else { return true }
        let count = min(left.count, right.count)
        return reversed ? left.suffix(count) == right.suffix(count) : left.prefix(count) == right.prefix(count)
    }
}
