// SPDX-License-Identifier: Apache-2.0

import Yams

/// Composes with Yams what ``YAMLScanner`` let pass, and turns Yams's nodes into ``YAMLNode``s.
///
/// Yams stops at the first duplicate key and names only its first occurrence. So that one duplicate does not hide the
/// rest of the file, the first occurrence gets another first character (a private-use one: columns stay as they are),
/// and the file is composed again; the true name is put back afterwards.
struct YAMLComposer {
    private var bytes: [UInt8]
    private let reported: Set<YAMLPosition>
    private(set) var findings: [YAMLFinding] = []
    /// The true names of the keys that got another first character.
    private var renamed: [YAMLPosition: String] = [:]

    init(bytes: [UInt8], reported: Set<YAMLPosition>) {
        self.bytes = bytes
        self.reported = reported
    }

    mutating func compose() -> YAMLNode? {
        while true {
            do {
                // No resolver: a scalar is its text. UTF-8 by name: the default asks the environment.
                let root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self), .basic, .default, .utf8)
                // Nothing but comments: no key is there.
                return root.map { convert($0, depth: 1) } ?? YAMLNode(content: .mapping([]), position: .start)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let place = YAMLPosition(line: context.mark.line, column: context.mark.column)
                guard mayGoOn, rename(at: place, from: names) else {
                    let names = names.map { $0.quoted }.joined(separator: ", ")
                    findings.append(
                        YAMLFinding(position: place, message: "written more than once: \(names)", advice: "keep one of each")
                    )
                    return nil
                }
            } catch {
                let finding = YAMLFinding(error)
                findings.append(followsBracket(finding.position) ? .textBehindBracket(finding.position) : finding)
                return nil
            }
        }
    }

    /// Whether a closed bracket stands just before: `keyName: {uuid}.{ext}`, where quotes are missing.
    private func followsBracket(_ place: YAMLPosition) -> Bool {
        guard place.column > 1, let index = offset(of: place), index > 0 else { return false }
        return bytes[index - 1] == UInt8(ascii: "}") || bytes[index - 1] == UInt8(ascii: "]")
    }

    // MARK: Duplicate keys

    private var mayGoOn: Bool {
        renamed.count < YAMLLimits.duplicateKeys && (renamed.count + 1) * bytes.count <= YAMLLimits.recomposedBytes
    }

    /// Gives the key at this place another first character. False where there is none to give.
    private mutating func rename(at place: YAMLPosition, from names: [String]) -> Bool {
        guard var index = offset(of: place) else { return false }
        let quote = bytes[index]
        let isQuoted = quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        if isQuoted { index += 1 }
        guard index < bytes.count else { return false }
        let first = bytes[index]
        let isOrdinary =
            isQuoted
            ? first != quote && first != UInt8(ascii: "\\") && first > 0x20
            : first > 0x20 && ![UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ":")].contains(first)
        // Yams sorts the names by the nodes' order and gives the place of the first.
        guard isOrdinary, let name = names.first, let mark = Unicode.Scalar(UInt32(0xE000 + renamed.count)) else { return false }
        var end = index + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        bytes.replaceSubrange(index..<end, with: Array(String(Character(mark)).utf8))
        renamed[place] = name
        return true
    }

    private func offset(of place: YAMLPosition) -> Int? {
        var index = bytes.startIndex
        for _ in 1..<max(place.line, 1) {
            guard let lineEnd = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            index = lineEnd + 1
        }
        for _ in 1..<max(place.column, 1) {
            index += 1
            while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
        }
        return index < bytes.count ? index : nil
    }

    // MARK: Nodes

    private mutating func convert(_ node: Node, depth: Int) -> YAMLNode {
        let position = node.mark.map { YAMLPosition(line: $0.line, column: $0.column) } ?? .start
        if reported.contains(position), node.scalar != nil { return YAMLNode(content: .reported, position: position) }
        if depth > YAMLLimits.depth, node.scalar == nil {
            findings.append(
                YAMLFinding(
                    position: position,
                    message: "there are more than \(YAMLLimits.depth) levels of nesting",
                    advice: "no rule file needs so many: check the brackets and the indentation"
                )
            )
            return YAMLNode(content: .reported, position: position)
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(content: .text(scalar.string), position: position)
        case .sequence(let sequence):
            return YAMLNode(content: .list(sequence.map { convert($0, depth: depth + 1) }), position: position)
        case .mapping(let mapping):
            return YAMLNode(content: .mapping(entries(of: mapping, depth: depth)), position: position)
        case .alias:
            // Yams's parser resolves aliases and the scanner refuses them: this node does not occur.
            return YAMLNode(content: .reported, position: position)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var firstLines: [[UInt8]: Int] = [:]
        for (key, value) in mapping {
            let position = key.mark.map { YAMLPosition(line: $0.line, column: $0.column) } ?? .start
            guard let scalar = key.scalar else {
                findings.append(
                    YAMLFinding(position: position, message: "a key must be a word", advice: "write the key as plain text")
                )
                continue
            }
            if reported.contains(position) { continue }
            let name = renamed[position] ?? scalar.string
            if let line = firstLines[Array(name.utf8)] {
                findings.append(
                    YAMLFinding(
                        position: position,
                        message: "\(name.quoted) is written more than once here; the first is in line \(line)",
                        advice: "keep one of them"
                    )
                )
                continue
            }
            firstLines[Array(name.utf8)] = position.line
            entries.append(YAMLEntry(key: name, keyPosition: position, value: convert(value, depth: depth + 1)))
        }
        return entries
    }
}
