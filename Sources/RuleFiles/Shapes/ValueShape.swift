// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What a value of a rule file looks like: the part of the reader's checks that a JSON Schema can express.
///
/// A shape may allow more than the reader of the key, and never less: editors must not complain about a file that `check` accepts.
indirect enum ValueShape: Sendable {
    /// One value.
    case text(TextForm)
    /// One of these words.
    case words([String])
    /// A list, in which the reader refuses equal items.
    case list(of: ValueShape, atMost: Int? = nil, allowsEmpty: Bool = false)
    /// A mapping with known keys.
    case mapping(KeyTable)
    /// A mapping whose names the file chooses.
    case named(TextForm, ValueShape, atMost: Int? = nil, allowsEmpty: Bool = false)
    case either([ValueShape])

    static let flag = words(["true", "false"])

    /// The words of an enum.
    static func words<Word: RawRepresentable<String> & CaseIterable>(of type: Word.Type) -> ValueShape {
        .words(type.allCases.map(\.rawValue))
    }

    /// A list, or one item without brackets.
    static func oneOrList(of item: ValueShape, allowsEmpty: Bool = false) -> ValueShape {
        .either([item, .list(of: item, allowsEmpty: allowsEmpty)])
    }

    /// The tables of the mappings in the value, each before those in it.
    var tables: [KeyTable] {
        switch self {
        case .text, .words: []
        case .list(let item, _, _): item.tables
        case .mapping(let table): [table] + table.rows.flatMap(\.shape.tables)
        case .named(_, let value, _, _): value.tables
        case .either(let shapes): shapes.flatMap(\.tables)
        }
    }

    /// Whether equal values of JSON are equal for the reader too, which compares texts: the numbers 10 and 010 are equal, and their
    /// texts differ.
    private var isComparedAlike: Bool {
        switch self {
        case .text(let form): form.numbers == .none && !form.allowsBooleans
        case .words: true
        case .list, .mapping, .named, .either: false
        }
    }
}

// MARK: JSON Schema

extension ValueShape {
    /// Writes the members of the schema of the value; the caller opens and closes the object.
    func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .text(let form):
            form.writeMembers(to: &json)
        case .words(let words):
            json.array("enum", of: Self.values(of: words)) { json, value in value.write(to: &json) }
        case .list(let item, let limit, let allowsEmpty):
            json.member("type", "array")
            if !allowsEmpty { json.member("minItems", 1) }
            if let limit { json.member("maxItems", limit) }
            if item.isComparedAlike { json.member("uniqueItems", true) }
            json.object("items") { item.writeMembers(to: &$0) }
        case .mapping(let table):
            json.member("$ref", "#/$defs/\(table.name)")
        case .named(let name, let value, let limit, let allowsEmpty):
            json.member("type", "object")
            if !allowsEmpty { json.member("minProperties", 1) }
            if let limit { json.member("maxProperties", limit) }
            json.object("propertyNames") { name.writeTextMembers(to: &$0) }
            json.object("additionalProperties") { value.writeMembers(to: &$0) }
        case .either(let shapes):
            json.array("anyOf", of: shapes) { json, shape in json.object { shape.writeMembers(to: &$0) } }
        }
    }

    /// The words as the values that a reader of YAML can take them for: `200` is a number, and in quotes a text.
    private static func values(of words: [String]) -> [YAMLScalar] {
        let plain = words.map { YAMLScalar(plain: $0) }
        let texts = words.map { YAMLScalar.text($0) }
        return plain.filter { !texts.contains($0) } + texts
    }
}
