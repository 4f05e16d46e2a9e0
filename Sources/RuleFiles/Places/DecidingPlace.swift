// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The place in a tenant's file that decided about a request.
package struct DecidingPlace: Sendable, Hashable, CustomStringConvertible {
    /// The path of the file, as it was opened.
    package let file: String
    /// Of the key, from 1; if the file does not have the key, of what it would be in.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// The names of the keys from the top of the file: `rules.avatars.maxSize`.
    package let key: String
    /// The key and its value on one line: `maxSize: 5MiB`. For a key that the file does not have: what holds without it.
    package let text: String
    /// Whether the file does not have the key, so that its default decided.
    package let isDefault: Bool

    /// `acme.yaml:12:5: maxSize: 5MiB`
    package var description: String { "\(file):\(line):\(column): \(text)".printable() }
}

/// A key or an entry of a list in a rule file, found by the names around it.
struct YAMLPath: Sendable {
    /// One step from the top of a file.
    enum Step: Sendable {
        case key(String)
        /// A name of metadata, which files may write in upper case.
        case metadata(String)
        /// The entry of a list whose key of this name has this value.
        case entry(String, String)
        /// The entry of a list that is this text.
        case text(String)
        /// The entry of a list one of whose values is at this position.
        case at(YAMLPosition)
    }

    var steps: [Step] = []
    /// The declaration of the last key, which has the default; nil if it has none.
    var row: KeyRow?
    /// Whether it is a whole mapping, of which only the name is shown.
    var isSection = false

    static func + (path: YAMLPath, step: Step) -> YAMLPath { YAMLPath(steps: path.steps + [step]) }

    /// The path of a key of a mapping.
    func key(_ name: String, of table: KeyTable? = nil) -> YAMLPath {
        var path = self + .key(name)
        path.row = table?.rows.first { $0.name == name }
        return path
    }
}

extension YAMLPath.Step {
    /// What follows this step in a node; nil if nothing does.
    func next(in node: YAMLNode) -> (position: YAMLPosition, value: YAMLNode)? {
        switch (self, node.content) {
        case (.key(let name), .mapping(let entries)):
            return entries.first { $0.key.hasSameBytes(as: name) }.map { ($0.keyPosition, $0.value) }
        case (.metadata(let name), .mapping(let entries)):
            return entries.first { $0.key.equalsIgnoringASCIICase(name) }.map { ($0.keyPosition, $0.value) }
        case (.entry(let key, let value), .list(let items)):
            let found = items.first { item in
                guard case .text(let text)? = YAMLPath.Step.key(key).next(in: item)?.value.content else { return false }
                return text.hasSameBytes(as: value)
            }
            return found.map { ($0.position, $0) }
        case (.text(let text), .list(let items)):
            let found = items.first { item in
                guard case .text(let found) = item.content else { return false }
                return found.hasSameBytes(as: text)
            }
            return found.map { ($0.position, $0) }
        case (.at(let position), .list(let items)):
            let found = items.first { item in
                guard case .mapping(let entries) = item.content else { return false }
                return entries.contains { $0.value.position == position }
            }
            return found.map { ($0.position, $0) }
        default:
            return nil
        }
    }

    /// The name in ``DecidingPlace/key``.
    var name: String {
        switch self {
        case .key(let name), .metadata(let name): name
        case .entry(_, let value), .text(let value): value
        case .at: "entry"
        }
    }
}

extension YAMLNode {
    /// The value on one line, as a flow of YAML, cut after a length.
    var flow: String {
        var text = ""
        append(to: &text)
        let limit = 160
        return text.unicodeScalars.count > limit
            ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "…" : text
    }

    private func append(to text: inout String) {
        // Long lists are cut anyway.
        guard text.utf8.count < 1000 else { return }
        func appendList<Item>(_ items: [Item], _ brackets: (String, String), _ append: (Item, inout String) -> Void) {
            text += brackets.0
            for (index, item) in items.enumerated() where text.utf8.count < 1000 {
                if index > 0 { text += ", " }
                append(item, &text)
            }
            text += brackets.1
        }
        switch content {
        case .text(let value): text += isPlain ? value : JSONWriter.quoted(value)
        case .list(let items): appendList(items, ("[", "]")) { $0.append(to: &$1) }
        case .mapping(let entries):
            appendList(entries, ("{", "}")) { entry, text in
                text += entry.key + ": "
                entry.value.append(to: &text)
            }
        case .reported: break
        }
    }
}
