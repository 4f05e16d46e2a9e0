// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A scalar as readers of YAML take it that know more than texts, such as editors (YAML 1.2.2, section 10.3, "Core Schema").
enum YAMLScalar: Hashable {
    case null
    case boolean(Bool)
    case whole(Int)
    case text(String)

    /// Texts without quotes that mean that there is no value.
    static let nullWords = ["~", "null", "Null", "NULL"]

    /// - Parameter text: without quotes; a number that is not a whole one in decimal counts as a text
    init(plain text: String) {
        self =
            switch text {
            case "": .null
            case "true", "True", "TRUE": .boolean(true)
            case "false", "False", "FALSE": .boolean(false)
            default:
                if Self.nullWords.contains(text) {
                    .null
                } else if let number = Int(text), String(number) == text {
                    .whole(number)
                } else {
                    .text(text)
                }
            }
    }

    func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .boolean(let flag): json.bool(flag)
        case .whole(let number): json.int(number)
        case .text(let text): json.string(text)
        }
    }
}

extension YAMLNode {
    /// Writes the node as the JSON value that editors take it for.
    func writeJSON(to json: inout JSONWriter) {
        switch content {
        case .text(let text): (isPlain ? YAMLScalar(plain: text) : .text(text)).write(to: &json)
        case .list(let items):
            json.beginArray()
            for item in items { item.writeJSON(to: &json) }
            json.endArray()
        case .mapping(let entries):
            json.beginObject()
            for entry in entries {
                json.key(entry.key)
                entry.value.writeJSON(to: &json)
            }
            json.endObject()
        case .reported: json.null()
        }
    }
}
