// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A mapping with a known set of keys. Reading a value either returns it, or logs a problem and returns nil.
struct Section {
    /// For messages: `store`, `the rule “avatars”`.
    let title: String
    /// The position of the section's own key, for “… has no …”.
    let position: YAMLPosition
    let log: DiagnosticLog
    private let entries: [YAMLEntry]

    /// Returns nil, with a problem logged, if the node is not a mapping. Logs unknown keys.
    ///
    /// - Parameters:
    ///   - keys: The known keys; nil if any name is allowed.
    ///   - hints: Messages for keys that are often put here by mistake.
    init?(
        _ node: YAMLNode,
        title: String,
        at position: YAMLPosition,
        keys: [String]?,
        hints: [String: ValueError] = [:],
        log: DiagnosticLog
    ) {
        self.title = title
        self.position = position
        self.log = log
        switch node.content {
        case .mapping(let entries):
            self.entries = entries
        case .reported:
            return nil
        case .text(""):
            let advice = keys.map { "indent its keys under it: \($0.prefix(3).joined(separator: ", "))" }
            log.problem(at: position, "\(title) is empty", advice ?? "indent “name: value” lines under it")
            return nil
        case .text, .list:
            let advice = keys.map { "write “key: value” lines, with the keys \($0.joined(separator: ", "))" }
            log.problem(at: node.position, "\(title) is not a mapping", advice ?? "write “name: value” lines")
            return nil
        }
        if let keys { refuseUnknown(keys, hints) }
    }

    private func refuseUnknown(_ keys: [String], _ hints: [String: ValueError]) {
        for entry in entries where !keys.contains(where: { Self.isSame($0, entry.key) }) {
            if let hint = hints[entry.key] {
                log.problem(at: entry.keyPosition, hint)
            } else if entry.key == "<<" {
                log.problem(at: entry.keyPosition, "merge keys (<<) are not supported", "write the keys out")
            } else {
                log.problem(
                    at: entry.keyPosition,
                    ValueError(
                        "\(entry.key.quoted) is not a key of \(title)",
                        suggesting: .init(for: entry.key, in: keys),
                        else: "known keys: \(keys.joined(separator: ", "))"
                    )
                )
            }
        }
    }

    // MARK: Entries

    /// Every entry, in the order of the file.
    var all: [YAMLEntry] { entries }

    subscript(key: String) -> YAMLEntry? {
        entries.first { Self.isSame(key, $0.key) }
    }

    /// Whether a key has the bytes of a known one. Known keys are ASCII: text that equals ASCII and is as long has the same bytes.
    private static func isSame(_ known: String, _ key: String) -> Bool {
        known.utf8.count == key.utf8.count && known == key
    }

    /// Logs that a key is missing.
    func missing(_ key: String, _ advice: String) {
        log.problem(at: position, "\(title) has no \(key)", advice)
    }

    // MARK: Values

    /// Reads an optional single value. Returns nil if it is absent, or, with a problem logged, wrong.
    func value<T>(_ key: String, _ parse: (String) throws(ValueError) -> T) -> Located<T>? {
        self[key].flatMap { value(of: $0.value, key: key, at: $0.keyPosition, parse) }
    }

    /// Reads a required single value.
    func required<T>(_ key: String, _ advice: String, _ parse: (String) throws(ValueError) -> T) -> Located<T>? {
        guard let entry = self[key] else {
            missing(key, advice)
            return nil
        }
        return value(of: entry.value, key: key, at: entry.keyPosition, parse)
    }

    /// Reads an optional `true` or `false`.
    func flag(_ key: String) -> Located<Bool>? {
        value(key) { text throws(ValueError) in
            switch text {
            case "true": return true
            case "false": return false
            default: throw ValueError("\(key) is \(text.quoted)", "write \(key): true or \(key): false")
            }
        }
    }

    /// Reads an optional list of single values. Empty lists and repeated values are problems.
    ///
    /// - Parameter allowsSingle: Whether a single value without brackets is allowed.
    func list(
        _ key: String,
        allowsSingle: Bool = false,
        _ parse: (String) throws(ValueError) -> String
    ) -> [Located<String>]? {
        let values: [Located<ExactString>]? = list(key, allowsSingle: allowsSingle) { item in
            value(of: item, key: key, at: item.position) { text throws(ValueError) in ExactString(try parse(text)) }
        }
        return values?.map { Located(value: $0.value.text, position: $0.position) }
    }

    /// Reads an optional list. Empty lists and repeated values are problems.
    ///
    /// - Parameters:
    ///   - allowsSingle: Whether a single value without brackets is allowed.
    ///   - read: Reads an item; returns nil with a problem logged. Names of users may be equal as text and differ as bytes, so a text
    ///     is read as an `ExactString`.
    func list<Value: Hashable>(
        _ key: String,
        allowsSingle: Bool = false,
        read: (YAMLNode) -> Located<Value>?
    ) -> [Located<Value>]? {
        guard let entry = self[key] else { return nil }
        let items: [YAMLNode]
        switch entry.value.content {
        case .list(let nodes):
            items = nodes
        case .text(let text) where allowsSingle && !text.isEmpty:
            items = [entry.value]
        case .text(let text):
            // `key:` without a value: libyaml's position of the empty value is not useful.
            let position = text.isEmpty && entry.value.isPlain ? entry.keyPosition : entry.value.position
            log.problem(at: position, "\(key) is not a list", text.isEmpty ? "write [a, b]" : "write [\(text)]")
            return nil
        case .mapping:
            log.problem(at: entry.value.position, "\(key) is not a list", "write [a, b], or “- a” lines")
            return nil
        case .reported:
            return nil
        }
        if items.isEmpty {
            log.problem(at: entry.value.position, "\(key) is an empty list", "write at least one entry")
            return nil
        }
        var values: [Located<Value>] = []
        var firstLines: [Value: Int] = [:]
        for item in items {
            guard let found = read(item) else { continue }
            if let line = firstLines[found.value] {
                log.problem(at: found.position, "\(key) lists this twice, first in line \(line)", "keep one of them")
            } else {
                firstLines[found.value] = found.position.line
                values.append(found)
            }
        }
        return values
    }

    /// Reads an optional mapping with known keys, or with any names if `keys` is nil.
    func section(_ key: String, title: String? = nil, keys: [String]?, hints: [String: ValueError] = [:]) -> Section? {
        self[key].flatMap {
            Section($0.value, title: title ?? key, at: $0.keyPosition, keys: keys, hints: hints, log: log)
        }
    }

    /// Reads the single value of a node.
    func value<T>(
        of node: YAMLNode,
        key: String,
        at keyPosition: YAMLPosition,
        _ parse: (String) throws(ValueError) -> T
    ) -> Located<T>? {
        switch node.content {
        case .text(let text):
            do throws(ValueError) {
                let value = try parse(text)
                if node.isPlain, YAMLScalar.nullWords.contains(where: { $0.hasSameBytes(as: text) }) {
                    throw ValueError(
                        "\(key) is \(text.quoted), which means in YAML that there is no value",
                        "write a value, in quotes if this text is meant, or remove the line")
                }
                return Located(value: value, position: node.position)
            } catch {
                // `key:` without a value: libyaml's position of the empty value is not useful.
                if text.isEmpty {
                    log.problem(at: keyPosition, "\(key) has no value", "write one after “:”")
                } else {
                    log.problem(at: node.position, error)
                }
                return nil
            }
        case .list, .mapping:
            log.problem(
                at: node.position, "\(key) is not a single value",
                "write one value after “:”, in quotes if it begins with “{” or “[”")
            return nil
        case .reported:
            return nil
        }
    }
}

/// A key of a mapping in a rule file.
///
/// One declaration has everything about the key: how its value is read, with every diagnostic, its shape for the schema, and its row
/// in the reference (docs/rules.md). The declared keys are the known keys of the mapping.
struct Key<Reader, Value>: Sendable {
    let row: KeyRow

    private let read: @Sendable (Section, String, Reader) -> Value

    /// - Parameters:
    ///   - name: the key
    ///   - takes: the reference's text about possible values
    ///   - shape: what a schema can say of the values: at least what `read` takes
    ///   - standard: what holds without the key
    ///   - example: a value, as a file has it
    ///   - read: reads the value from the section, by the key's name, and logs what is wrong with it
    init(
        _ name: String,
        takes: String,
        shape: ValueShape,
        standard: KeyDefault,
        example: String,
        read: @escaping @Sendable (Section, String, Reader) -> Value
    ) {
        row = KeyRow(name: name, takes: takes, shape: shape, standard: standard, example: example)
        self.read = read
    }

    /// Reads the key's value, and logs what is wrong with it.
    func read(from section: Section, _ reader: Reader) -> Value {
        read(section, row.name, reader)
    }
}

/// A key's row in the reference, and what the schema says of it.
struct KeyRow: Sendable {
    let name: String
    let takes: String
    let shape: ValueShape
    let standard: KeyDefault
    let example: String
    /// When a change takes effect; nil where the table does not say so.
    var effect: String?

    /// The row of a table with the columns key, type, default, effect if there is one, and example.
    var markdown: String {
        "| `\(name)` | \(takes) | \(standard.markdown) |" + (effect.map { " \($0) |" } ?? "") + " `\(name): \(example)` |"
    }
}

/// A value and its place in the file.
struct Located<Value> {
    let value: Value
    let position: YAMLPosition
}

extension Located: Sendable where Value: Sendable {}
