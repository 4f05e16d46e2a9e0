// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a value in a rule file means, however it is written: `5MiB` equals `5120KiB`, and the order of a list that is a set does
/// not matter.
enum ComparedValue: Hashable {
    case number(Int)
    case text(ExactString)
    case claim(RequiredClaim.Value)
    case list([ComparedValue])
    case set(Set<ComparedValue>)

    static func text(_ text: String) -> ComparedValue { .text(ExactString(text)) }

    /// The elements of a set; empty for any other value.
    var elements: Set<ComparedValue> {
        if case .set(let elements) = self { elements } else { [] }
    }

    var number: Int? {
        if case .number(let number) = self { number } else { nil }
    }

    var word: String? {
        if case .text(let text) = self { text.text } else { nil }
    }
}

/// How the value of a key is read for a comparison. The file is right: a value that cannot be read so is compared as text.
indirect enum ValueMeaning: Sendable {
    /// Compared by its bytes.
    case text
    /// Compared without regard to the case of ASCII letters.
    case lowercase
    case size
    case duration
    /// A day or an instant, as seconds since 1970.
    case date
    /// `60/1m`
    case rate
    /// Text with `{tenant}`.
    case template
    /// A list whose order does not matter, or a single value.
    case set(ValueMeaning)
    /// A claim, or the path to one.
    case claimPath
    /// The value of a required claim: `"true"` in quotes is a text.
    case requirement
    /// An entry of `contentTypes`.
    case contentType
    /// An entry of `aliases`.
    case alias

    /// - Parameter tenant: what `{tenant}` stands for
    func value(of node: YAMLNode, tenant: String) -> ComparedValue {
        switch node.content {
        case .text(let text): value(of: text, isPlain: node.isPlain, tenant: tenant)
        case .list(let items): list(items, tenant: tenant)
        case .mapping(let entries): mapping(entries, tenant: tenant)
        case .reported: .list([])
        }
    }

    private func value(of text: String, isPlain: Bool, tenant: String) -> ComparedValue {
        switch self {
        case .text, .alias: return .text(text)
        case .lowercase: return .text(String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self))
        case .size: return (try? Quantity.size.parse(text)).map { .number($0) } ?? .text(text)
        case .duration: return (try? Quantity.duration.parse(text)).map { .number($0) } ?? .text(text)
        case .date:
            guard let date = try? Date(dayOrInstant: text) else { return .text(text) }
            return .number(Int(date.timeIntervalSince1970))
        case .rate:
            guard let limit = try? RateLimit.parse(text) else { return .text(text) }
            return .list([.number(limit.count), .number(limit.seconds)])
        case .template: return .text(text.replacing("{tenant}", with: tenant))
        case .set(let meaning): return .set([meaning.value(of: text, isPlain: isPlain, tenant: tenant)])
        case .claimPath: return .list([.text(text)])
        case .requirement:
            return (try? IssuerReader.requirement(text, isPlain: isPlain)).map { .claim($0) } ?? .text(text)
        case .contentType: return .text(ContentTypeList.registeredName(of: text) ?? text)
        }
    }

    private func list(_ items: [YAMLNode], tenant: String) -> ComparedValue {
        if case .set(let meaning) = self { return .set(Set(items.map { meaning.value(of: $0, tenant: tenant) })) }
        return .list(items.map { ValueMeaning.text.value(of: $0, tenant: tenant) })
    }

    private func mapping(_ entries: [YAMLEntry], tenant: String) -> ComparedValue {
        let values = entries.map { entry -> ComparedValue in
            let meaning: ValueMeaning
            if case .contentType = self, entry.key == "type" { meaning = .contentType } else { meaning = .text }
            return .list([.text(entry.key), meaning.value(of: entry.value, tenant: tenant)])
        }
        return .set(Set(values))
    }
}

extension YAMLNode {
    /// The value as it could be written on one line, for people; at most some hundred characters.
    var written: String {
        let text = written(depth: 0)
        let limit = 300
        guard text.unicodeScalars.count > limit else { return text.printable() }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))).printable() + "…"
    }

    private func written(depth: Int) -> String {
        switch content {
        case .text(let text): return text.isEmpty || depth > 0 && text.contains(", ") ? "\"\(text)\"" : text
        case .list(let items):
            // More would be cut in any case.
            return "[" + items.prefix(100).map { $0.written(depth: depth + 1) }.joined(separator: ", ") + "]"
        case .mapping(let entries):
            return "{" + entries.prefix(100).map { "\($0.key): \($0.value.written(depth: depth + 1))" }.joined(separator: ", ")
                + "}"
        case .reported: return ""
        }
    }
}
