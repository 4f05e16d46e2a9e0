// SPDX-License-Identifier: Apache-2.0

/// A key of a mapping in a rule file.
///
/// One declaration has all that is known of the key: how its value is read, with every diagnostic, and its row in the reference
/// (docs/rules.md). A mapping's known keys are the declared ones.
struct Key<Reader, Value>: Sendable {
    let row: KeyRow

    private let read: @Sendable (Section, String, Reader) -> Value

    /// - Parameters:
    ///   - name: the key
    ///   - takes: what may be written, as the reference says it
    ///   - standard: what holds where the key is absent, as the reference says it
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

/// What the reference says of a key.
struct KeyRow: Sendable, Hashable {
    let name: String
    let takes: String
    let standard: String
    let example: String

    /// The row of a table with the columns key, type, default and example.
    var markdown: String { "| `\(name)` | \(takes) | \(standard) | `\(name): \(example)` |" }
}
