// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

// The elements of lists and mappings of rule files, which both files may have.

/// `store`, or one of `stores`.
struct StoreNode {
    /// Nil for `store`.
    let name: String?
    let node: YAMLNode
    let position: YAMLPosition

    var path: String { name.map { "stores.\($0)" } ?? "store" }

    static func all(of root: YAMLNode) -> [StoreNode] {
        let own = root.entry("store").map { [StoreNode(name: nil, node: $0.value, position: $0.keyPosition)] } ?? []
        return own
            + (root["stores"]?.entries ?? []).map { StoreNode(name: $0.key, node: $0.value, position: $0.keyPosition) }
    }
}

/// An entry of a list that both files may have.
struct NamedElement {
    struct Side {
        let node: YAMLNode
        /// In the list.
        let index: Int
        let leaves: [ComparedLeaf]

        func word(_ path: String) -> String? { leaves.first { $0.path == path }?.value.word }

        /// Whether both mean the same.
        func isSame(as other: Side, tenant: String) -> Bool {
            LeafChange.all(from: leaves, to: other.leaves, tenant: tenant).isEmpty
        }
    }

    /// What people know it by.
    let label: String
    var old: Side?
    var new: Side?

    func isChanged(tenant: String) -> Bool {
        guard let old, let new else { return true }
        return !old.isSame(as: new, tenant: tenant)
    }

    private static func sides(_ node: YAMLNode?, _ keys: [ComparedKey], tenant: String) -> [Side] {
        guard case .list(let items)? = node?.content else { return [] }
        return items.enumerated().map { index, item in
            Side(node: item, index: index, leaves: ComparedLeaf.all(of: item, keys, tenant: tenant))
        }
    }

    static func apiKeys(of old: RuledTenant, _ new: RuledTenant) -> [NamedElement] {
        let old = sides(old.root["auth"]?["apiKeys"], ComparedKeys.apiKey, tenant: old.tenant.id)
        let new = sides(new.root["auth"]?["apiKeys"], ComparedKeys.apiKey, tenant: new.tenant.id)
        return matched(old, new) {
            [$0.word("id") ?? ""]
        } label: {
            $0.word("id") ?? ""
        }
    }

    static func issuers(of old: RuledTenant, _ new: RuledTenant) -> [NamedElement] {
        let (id, keys) = (new.tenant.id, ComparedKeys.issuer)
        return issuers(old.root["auth"]?["issuers"], new.root["auth"]?["issuers"], keys, tenant: id)
    }

    /// Entries of one `issuer` are matched: equal ones first, then those of one name, then those of one audience, then in their
    /// order.
    static func issuers(_ old: YAMLNode?, _ new: YAMLNode?, _ keys: [ComparedKey], tenant: String) -> [NamedElement] {
        var old = sides(old, keys, tenant: tenant)
        var new = sides(new, keys, tenant: tenant)
        var pairs: [(Side, Side)] = []
        func issuer(_ side: Side) -> String { side.word("issuer") ?? "" }
        func pair(_ isMatch: (Side, Side) -> Bool) {
            for side in new {
                guard
                    let place = old.firstIndex(where: { issuer($0).hasSameBytes(as: issuer(side)) && isMatch($0, side) })
                else { continue }
                pairs.append((old.remove(at: place), side))
                new.removeAll { $0.index == side.index }
            }
        }
        func value(_ side: Side, _ path: String) -> ComparedValue? { side.leaves.first { $0.path == path }?.value }
        pair { $0.isSame(as: $1, tenant: tenant) }
        pair { $0.word("name") != nil && $0.word("name") == $1.word("name") }
        pair { value($0, "audience") != nil && value($0, "audience") == value($1, "audience") }
        pair { _, _ in true }
        func label(_ side: Side) -> String { side.word("name") ?? issuer(side).printable() }
        let both = pairs.map { NamedElement(label: label($1), old: $0, new: $1) }
        let added = new.map { NamedElement(label: label($0), old: nil, new: $0) }
        return (both + added).sorted { ($0.new?.index ?? 0) < ($1.new?.index ?? 0) }
            + old.map { NamedElement(label: label($0), old: $0, new: nil) }
    }

    private static func matched(
        _ old: [Side], _ new: [Side], by names: (Side) -> [String], label: (Side) -> String
    ) -> [NamedElement] {
        let both = new.map { side in
            NamedElement(label: label(side), old: old.first { names($0) == names(side) }, new: side)
        }
        let removed = old.filter { side in !new.contains { names($0) == names(side) } }
        return both + removed.map { NamedElement(label: label($0), old: $0, new: nil) }
    }
}

extension YAMLNode {
    /// The entries of a mapping; nil for any other node.
    var entries: [YAMLEntry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    func entry(_ key: String) -> YAMLEntry? { entries?.first { $0.key.hasSameBytes(as: key) } }

    /// The value of a key of a mapping.
    subscript(key: String) -> YAMLNode? { entry(key)?.value }
}
