// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The prefixes of many tenants' rules in each bucket, so that those of which one begins with another's are found without comparing
/// all with all.
struct SharedBuckets: Sendable {
    /// By each name of a bucket.
    private var buckets: [BucketIdentity.Name: Bucket] = [:]

    /// The sorted prefixes in the buckets of one name. Tenants of Ceph have buckets of their own; one without a tenant can be each.
    private struct Bucket: Sendable {
        private var withoutTenant: [Prefix] = []
        private var byTenant: [String: [Prefix]] = [:]
        /// All, unless there is no tenant of Ceph.
        private var all: [Prefix] = []

        var isEmpty: Bool { withoutTenant.isEmpty && byTenant.isEmpty }

        mutating func add(_ new: [Prefix]) {
            if byTenant.isEmpty, new.contains(where: { $0.cephTenant != nil }) { all = withoutTenant }
            withoutTenant.merge(new.filter { $0.cephTenant == nil })
            for (tenant, prefixes) in Dictionary(grouping: new, by: \.cephTenant) {
                if let tenant { byTenant[tenant, default: []].merge(prefixes) }
            }
            if !byTenant.isEmpty { all.merge(new) }
        }

        mutating func remove(_ prefix: Prefix) {
            if let tenant = prefix.cephTenant {
                byTenant[tenant]?.remove(prefix)
                if byTenant[tenant]?.isEmpty ?? false { byTenant[tenant] = nil }
            } else {
                withoutTenant.remove(prefix)
            }
            if byTenant.isEmpty { all = [] } else { all.remove(prefix) }
        }

        /// The lists of all prefixes in what may be the bucket of a prefix.
        func lists(for prefix: Prefix) -> [[Prefix]] {
            guard !byTenant.isEmpty else { return [withoutTenant] }
            guard let tenant = prefix.cephTenant else { return [all] }
            return [withoutTenant, byTenant[tenant] ?? []]
        }
    }

    /// The prefix of one rule.
    fileprivate struct Prefix: Sendable {
        let file: RuleFile
        /// Its index in the file's draft.
        let rule: Int
        /// The bytes with which every key of the rule begins: the template up to its first placeholder, with `{tenant}` expanded.
        let bytes: [UInt8]

        var draft: RuleDraft { file.draft.rules[rule] }
        /// The tenant of Ceph that owns the bucket; nil if it can be any.
        var cephTenant: String? { draft.store?.bucket?.cephTenant }
        var position: YAMLPosition { draft.prefix.position }

        /// Whether it comes first: by the bytes, and equal ones by file and position.
        func precedes(_ other: Prefix) -> Bool {
            switch bytes.compare(with: other.bytes) {
            case ..<0: true
            case 0: file === other.file ? rule < other.rule : file.precedes(other.file)
            default: false
            }
        }

        /// Reports that the prefix begins with another one, or equals it; in the file that comes last.
        func conflict(with outer: Prefix) -> Diagnostic {
            let (prefix, other) = file.precedes(outer.file) ? (outer, self) : (self, outer)
            func text(_ prefix: Prefix) -> String { String(decoding: prefix.bytes, as: UTF8.self).quoted }
            let bucket = prefix.draft.store?.bucketName ?? ""
            let place = "\(other.file.path):\(other.position.line)"
            let message =
                prefix.bytes == other.bytes
                ? "the tenant \(other.file.id.quoted) has the same prefix \(text(prefix)) in the bucket \(bucket) (\(place))"
                : "the prefix \(text(prefix)) overlaps \(text(other)) of the tenant \(other.file.id.quoted) in the bucket \(bucket) (\(place))"
            return Diagnostic(
                file: prefix.file.path, at: prefix.position, message,
                "begin each tenant's keyPrefix with a folder of its own: {tenant}/…", with: other.file.path)
        }
    }

    mutating func add(_ files: [RuleFile]) {
        var added: [BucketIdentity.Name: [Prefix]] = [:]
        for file in files {
            for (names, prefix) in Self.prefixes(of: file) {
                for name in names { added[name, default: []].append(prefix) }
            }
        }
        for (name, prefixes) in added { buckets[name, default: Bucket()].add(prefixes) }
    }

    mutating func remove(_ file: RuleFile) {
        for (names, prefix) in Self.prefixes(of: file) {
            for name in names {
                buckets[name]?.remove(prefix)
                if buckets[name]?.isEmpty ?? false { buckets[name] = nil }
            }
        }
    }

    private static func prefixes(of file: RuleFile) -> [(names: Set<BucketIdentity.Name>, prefix: Prefix)] {
        file.draft.rules.indices.compactMap { index in
            let rule = file.draft.rules[index]
            guard let bucket = rule.store?.bucket else { return nil }
            return (bucket.names, Prefix(file: file, rule: index, bytes: rule.prefix.value.leadingBytes))
        }
    }

    /// Returns the problems of a file's rules with others' that have shorter prefixes, or equal ones and come first.
    /// - Parameter inOthers: whether to return also those with longer ones
    func problems(of file: RuleFile, inOthers: Bool) -> [Diagnostic] {
        Self.prefixes(of: file).compactMap { names, prefix in
            let lists = lists(for: prefix, names)
            // Of several names of a bucket, the one that leads to the nearest.
            if let outer = lists.compactMap({ firstEnclosing(prefix, in: $0) }).max(by: { $0.precedes($1) }) {
                return prefix.conflict(with: outer)
            }
            guard inOthers else { return nil }
            let inner = lists.compactMap { firstEnclosed(by: prefix, in: $0) }.min { $0.precedes($1) }
            return inner?.conflict(with: prefix)
        }
    }

    /// Calls a function with the other file of each conflict of a file.
    func forEachConflict(of file: RuleFile, _ body: (RuleFile) -> Void) {
        for (names, prefix) in Self.prefixes(of: file) {
            for list in lists(for: prefix, names) {
                forEachEnclosing(prefix, in: list) { other in
                    body(other.file)
                    return true
                }
                forEachEnclosed(by: prefix, in: list) { other in
                    body(other.file)
                    return true
                }
            }
        }
    }

    private func lists(for prefix: Prefix, _ names: Set<BucketIdentity.Name>) -> [[Prefix]] {
        names.flatMap { buckets[$0]?.lists(for: prefix) ?? [] }
    }

    private func firstEnclosing(_ prefix: Prefix, in sorted: [Prefix]) -> Prefix? {
        var first: Prefix?
        forEachEnclosing(prefix, in: sorted) { other in
            first = other
            return false
        }
        return first
    }

    private func firstEnclosed(by prefix: Prefix, in sorted: [Prefix]) -> Prefix? {
        var first: Prefix?
        forEachEnclosed(by: prefix, in: sorted) { other in
            first = other
            return false
        }
        return first
    }

    /// Calls a function with each prefix of another file that comes before one, and with which it begins; the nearest first.
    /// - Parameter body: returns whether to go on
    private func forEachEnclosing(_ prefix: Prefix, in sorted: [Prefix], _ body: (Prefix) -> Bool) {
        var end = sorted.sortedIndex { $0.precedes(prefix) }
        while end > 0 {
            let other = sorted[end - 1]
            let common = prefix.bytes.commonPrefixLength(with: other.bytes)
            if common == other.bytes.count {
                if other.file !== prefix.file, !body(other) { return }
                end -= 1
            } else {
                // The bytes with which both begin: nothing longer that is before `other` can enclose the prefix.
                let beginning = Array(prefix.bytes[..<common])
                end = sorted.sortedIndex { $0.bytes.compare(with: beginning) <= 0 }
            }
        }
    }

    /// Calls a function with each prefix of another file that comes after one, and begins with it.
    /// - Parameter body: returns whether to go on
    private func forEachEnclosed(by prefix: Prefix, in sorted: [Prefix], _ body: (Prefix) -> Bool) {
        let start = sorted.sortedIndex { $0.precedes(prefix) }
        for other in sorted[start...] {
            guard other.bytes.starts(with: prefix.bytes) else { return }
            if other.file !== prefix.file, !body(other) { return }
        }
    }
}

extension [SharedBuckets.Prefix] {
    /// Inserts elements into the sorted array.
    fileprivate mutating func merge(_ new: [Element]) {
        if new.count > 16 {
            self += new
            sort { $0.precedes($1) }
        } else {
            for prefix in new { insert(prefix, sortedBy: { $0.precedes($1) }) }
        }
    }

    /// - Parameter prefix: an element of the sorted array
    fileprivate mutating func remove(_ prefix: Element) {
        let index = sortedIndex { $0.precedes(prefix) }
        guard index < count, self[index].file === prefix.file else { return }
        remove(at: index)
    }
}

extension [UInt8] {
    /// Compares byte by byte. Less than 0 if these bytes come first, 0 if both are equal.
    fileprivate func compare(with other: [UInt8]) -> Int {
        let count = Swift.min(count, other.count)
        let order = withUnsafeBytes { bytes in
            other.withUnsafeBytes { others in
                guard let start = bytes.baseAddress, let otherStart = others.baseAddress else { return 0 as CInt }
                return memcmp(start, otherStart, count)
            }
        }
        return order == 0 ? self.count - other.count : Int(order)
    }

    fileprivate func commonPrefixLength(with other: [UInt8]) -> Int {
        zip(self, other).prefix { $0 == $1 }.count
    }
}
