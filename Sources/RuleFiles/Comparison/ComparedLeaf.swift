// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A value of a mapping in a rule file that is compared as a whole, and its place.
struct ComparedLeaf {
    /// The names of the keys from the mapping on, with dots between them: `limits.perUser`. A name that the file chooses, as in
    /// `tags`, is the last.
    let path: String
    let key: ComparedKey
    let value: ComparedValue
    /// As it could be written on one line.
    let text: String
    /// Of the key.
    let position: YAMLPosition

    /// All values of a mapping that are compared, in the order of the file.
    /// - Parameters:
    ///   - node: the mapping; nil if it is absent
    ///   - tenant: what `{tenant}` stands for
    static func all(of node: YAMLNode?, _ keys: [ComparedKey], tenant: String, prefix: String = "") -> [ComparedLeaf] {
        guard case .mapping(let entries)? = node?.content else { return [] }
        return entries.flatMap { entry -> [ComparedLeaf] in
            guard let key = keys.first(where: { $0.name.hasSameBytes(as: entry.key) }) else { return [] }
            return leaves(of: entry, key, path: prefix + key.name, tenant: tenant)
        }
    }

    private static func leaves(of entry: YAMLEntry, _ key: ComparedKey, path: String, tenant: String) -> [ComparedLeaf] {
        switch key.kind {
        case .value(let meaning):
            let value = meaning.value(of: entry.value, tenant: tenant)
            return [ComparedLeaf(path: path, key: key, value: value, text: entry.value.written, position: entry.keyPosition)]
        case .named(let meaning):
            guard case .mapping(let named) = entry.value.content else { return [] }
            return named.map { named in
                // The names of metadata and the like differ in more than the case of letters, as `check` demands.
                let value = meaning.value(of: named.value, tenant: tenant)
                return ComparedLeaf(
                    path: "\(path).\(named.key)", key: key, value: value, text: named.value.written, position: named.keyPosition)
            }
        case .section(let keys, let shorthand):
            guard case .text(let text) = entry.value.content else {
                return all(of: entry.value, keys, tenant: tenant, prefix: path + ".")
            }
            guard let shorthand, let value = shorthand.values[text] ?? text else { return [] }
            let node = YAMLNode(content: .text(value), position: entry.value.position)
            let only = YAMLEntry(key: shorthand.key, keyPosition: entry.keyPosition, value: node)
            return all(of: YAMLNode(content: .mapping([only]), position: node.position), keys, tenant: tenant, prefix: path + ".")
        case .elements:
            return []
        }
    }
}

/// A value that two mappings do not have in common. One of the two leaves may be absent.
struct LeafChange {
    let path: String
    let key: ComparedKey
    let old: ComparedLeaf?
    let new: ComparedLeaf?
    /// What the value means, or what its absence means.
    let oldValue: ComparedValue?
    let newValue: ComparedValue?

    private init?(_ old: ComparedLeaf?, _ new: ComparedLeaf?, tenant: String) {
        guard let some = new ?? old else { return nil }
        (path, key, self.old, self.new) = (some.path, some.key, old, new)
        oldValue = old?.value ?? key.standardValue(tenant: tenant)
        newValue = new?.value ?? key.standardValue(tenant: tenant)
        if oldValue == newValue { return nil }
    }

    /// The differences in meaning: those of values that the new mapping has, in its order, then those that it no longer has.
    static func all(from old: [ComparedLeaf], to new: [ComparedLeaf], tenant: String) -> [LeafChange] {
        var remaining = Dictionary(old.map { (ExactString($0.path), $0) }) { first, _ in first }
        var changes = new.compactMap { leaf in
            LeafChange(remaining.removeValue(forKey: ExactString(leaf.path)), leaf, tenant: tenant)
        }
        for leaf in old {
            guard let left = remaining.removeValue(forKey: ExactString(leaf.path)) else { continue }
            if let change = LeafChange(left, nil, tenant: tenant) { changes.append(change) }
        }
        return changes
    }

    /// The old and the new value for people; what an absent key stands for is in brackets.
    var texts: (old: String, new: String) {
        let absent = key.standard.map { standard in
            if case .value(.set) = key.kind {
                "not set ([\(standard.replacing(" ", with: ", "))])"
            } else {
                "not set (\(standard))"
            }
        }
        return (old?.text ?? absent ?? "not set", new?.text ?? absent ?? "not set")
    }
}
