// SPDX-License-Identifier: Apache-2.0

/// A key of a mapping in a rule file.
///
/// One declaration has everything about the key: how its value is read, with every diagnostic, and its row in the reference
/// (docs/rules.md). The declared keys are the known keys of the mapping.
struct Key<Reader, Value>: Sendable {
    let row: KeyRow

    private let read: @Sendable (Section, String, Reader) -> Value

    /// - Parameters:
    ///   - name: the key
    ///   - takes: the reference's text about possible values
    ///   - standard: the reference's text about the default
    ///   - example: a value, as a file has it
    ///   - read: reads the value from the section, by the key's name, and logs what is wrong with it
    init(
        _ name: String,
        takes: String,
        standard: String,
        example: String,
        read: @escaping @Sendable (Section, String, Reader) -> Value
    ) {
        row = KeyRow(name: name, takes: takes, standard: standard, example: example)
        self.read = read
    }

    /// Reads the key's value, and logs what is wrong with it.
    func read(from section: Section, _ reader: Reader) -> Value {
        read(section, row.name, reader)
    }
}

/// A key's row in the reference.
struct KeyRow: Sendable, Hashable {
    let name: String
    let takes: String
    let standard: String
    let example: String

    /// The row of a table with the columns key, type, default and example.
    var markdown: String { "| `\(name)` | \(takes) | \(standard) | `\(name): \(example)` |" }
}

/// A value and its place in the file.
struct Located<Value> {
    let value: Value
    let position: YAMLPosition
}

extension Located: Sendable where Value: Sendable {}
