// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The keys of a mapping, and which of them it must have.
struct KeyTable: Sendable {
    /// The name of the mapping in the JSON Schema: `rule`.
    let name: String
    /// In the order in which messages list them.
    let rows: [KeyRow]
    /// Of the rows. Stored, since each mapping that is read needs them.
    let names: [String]
    /// What the mapping must have besides the keys that are required.
    let needs: [Need]

    enum Need: Sendable {
        /// At least one key.
        case someKey
        /// At least one of these keys, with a list that is not empty if it is a list.
        case anyOf([String])
        /// One of these keys and no other of them.
        case oneOf([String])
        /// The second key wherever the first is.
        case beside(String, String)
        /// More than the shapes say, where all conditions hold.
        case narrowed([Narrowing], where: [Condition] = [])
    }

    /// A path leads through mappings; `*` is each name.
    enum Narrowing: Sendable {
        case shape([String], ValueShape)
        case required([String])
    }

    indirect enum Condition: Sendable {
        case has([String])
        case equals([String], String)
        case not(Condition)
    }

    init(_ name: String, _ rows: [KeyRow], needs: [Need] = []) {
        self.name = name
        self.rows = rows
        names = rows.map(\.name)
        self.needs = needs
    }

    subscript(name: String) -> KeyRow? { rows.first { $0.name == name } }
}

// MARK: JSON Schema

extension KeyTable {
    /// Writes the members of the schema of the mapping; the caller opens and closes the object.
    /// - Parameter isRequired: whether the keys that are required are required here
    func writeMembers(to json: inout JSONWriter, isRequired: Bool = true) {
        json.member("type", "object")
        let required = isRequired ? rows.filter(\.standard.isRequired).map(\.name) : []
        if !required.isEmpty { json.member("required", required) }
        var dependencies: [(String, String)] = []
        for need in needs {
            switch need {
            case .someKey: json.member("minProperties", 1)
            case .anyOf(let keys): write("anyOf", keys, to: &json)
            case .oneOf(let keys): write("oneOf", keys, to: &json)
            case .beside(let key, let other): dependencies.append((key, other))
            case .narrowed: break
            }
        }
        if !dependencies.isEmpty {
            json.object("dependentRequired") { json in
                for (key, other) in dependencies { json.member(key, [other]) }
            }
        }
        let narrowed = needs.filter { if case .narrowed = $0 { true } else { false } }
        if !narrowed.isEmpty { json.array("allOf", of: narrowed) { $1.writeNarrowing(to: &$0) } }
        json.object("properties") { json in
            for row in rows { json.object(row.name) { row.writeSchema(to: &$0) } }
        }
        json.member("additionalProperties", false)
    }

    private func write(_ keyword: String, _ keys: [String], to json: inout JSONWriter) {
        json.array(keyword, of: keys) { json, key in
            json.object { json in
                json.member("required", [key])
                if case .either(let shapes)? = self[key]?.shape, shapes.contains(where: \.allowsEmptyList) {
                    json.object("properties") { $0.object(key) { $0.member("minItems", 1) } }
                }
            }
        }
    }
}

extension KeyTable.Need {
    /// Writes the schema of a case of `narrowed`.
    fileprivate func writeNarrowing(to json: inout JSONWriter) {
        guard case .narrowed(let narrowings, let conditions) = self else { return }
        json.object { json in
            if !conditions.isEmpty {
                json.object("if") { json in
                    json.array("allOf", of: conditions) { json, condition in json.object { condition.writeMembers(to: &$0) } }
                }
                json.key("then")
                json.beginObject()
            }
            json.array("allOf", of: narrowings) { json, narrowing in json.object { narrowing.writeMembers(to: &$0) } }
            if !conditions.isEmpty { json.endObject() }
        }
    }
}

extension KeyTable.Narrowing {
    fileprivate func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .shape(let path, let shape): write(path[...], to: &json) { shape.writeMembers(to: &$0) }
        case .required(let path):
            write(path.dropLast(), to: &json) { json in json.member("required", Array(path.suffix(1))) }
        }
    }

    private func write(_ path: ArraySlice<String>, to json: inout JSONWriter, _ members: (inout JSONWriter) -> Void) {
        guard let key = path.first else { return members(&json) }
        if key == "*" {
            json.object("additionalProperties") { write(path.dropFirst(), to: &$0, members) }
        } else {
            json.object("properties") { $0.object(key) { write(path.dropFirst(), to: &$0, members) } }
        }
    }
}

extension KeyTable.Condition {
    fileprivate func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .has(let path): write(path[...], nil, to: &json)
        case .equals(let path, let text): write(path[...], text, to: &json)
        case .not(let condition): json.object("not") { condition.writeMembers(to: &$0) }
        }
    }

    private func write(_ path: ArraySlice<String>, _ value: String?, to json: inout JSONWriter) {
        guard let key = path.first else {
            if let value { json.member("const", value) }
            return
        }
        json.member("required", [key])
        json.object("properties") { $0.object(key) { write(path.dropFirst(), value, to: &$0) } }
    }
}

extension ValueShape {
    fileprivate var allowsEmptyList: Bool {
        if case .list(_, _, let allowsEmpty) = self { allowsEmpty } else { false }
    }
}

extension KeyRow {
    /// Writes the members of the schema of the key's value.
    fileprivate func writeSchema(to json: inout JSONWriter) {
        json.member("description", description)
        shape.writeMembers(to: &json)
        if case .value(let text, _) = standard {
            json.key("default")
            // `{uuid}.{ext}` is no YAML without quotes.
            if let node = node(text) { node.writeJSON(to: &json) } else { json.string(text) }
        }
        if let node = node(example) {
            json.key("examples")
            json.beginArray()
            node.writeJSON(to: &json)
            json.endArray()
        }
    }

    /// Reads a value as a file has it.
    private func node(_ value: String) -> YAMLNode? {
        let (root, findings) = YAMLReader.read(Array("\(name): \(value)".utf8))
        guard findings.isEmpty, case .mapping(let entries)? = root?.content, entries.count == 1 else { return nil }
        return entries[0].value
    }

    /// The reference's texts without Markdown.
    private var description: String {
        let standard: String? =
            switch standard {
            case .required, .value(_, nil), .words("none"), .words("–"): nil
            case .value(let text, let remark?): "Default: \(text), \(remark)."
            case .words(let text) where text.hasPrefix("required"): "It is \(text)."
            case .words(let text): "Default: \(text)."
            }
        return [takes + (takes.hasSuffix(".") ? "" : "."), standard].compactMap { $0?.withoutMarkdown }.joined(separator: " ")
    }
}

extension String {
    /// The text of links, emphasis and code.
    fileprivate var withoutMarkdown: String {
        var text = ""
        var rest = self[...]
        while let character = rest.popFirst() {
            if character == "`" { continue }
            if character == "*", rest.first == "*" {
                rest.removeFirst()
            } else if character == "]", rest.first == "(", let end = rest.firstIndex(of: ")"), let start = text.lastIndex(of: "[")
            {
                text.remove(at: start)
                rest = rest[rest.index(after: end)...]
            } else {
                text.append(character)
            }
        }
        return text
    }
}
