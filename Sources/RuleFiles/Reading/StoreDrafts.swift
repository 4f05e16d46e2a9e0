// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// A store of a tenant's file as far as it could be read.
struct StoreDraft: Sendable {
    /// The name under `stores`; nil for `store`.
    let name: String?
    let position: YAMLPosition
    /// Whether it is AWS itself.
    var isAWS = true
    /// Nil if the bucket's address is wrong.
    var bucket: BucketIdentity?
    /// As the file has it; empty if it could not be read.
    var bucketName = ""
    /// Nil if a problem was logged.
    var store: Store?
    /// Nil if the file has none or, with a problem logged, wrong ones.
    var credentials: CredentialReader.Reading?
}

/// The stores of a tenant's file as far as they could be read.
struct StoreDrafts: Sendable {
    /// `store`; nil if the file does not have it.
    private let standard: StoreDraft?
    /// `stores`, in the order of the file.
    private let named: [StoreDraft]
    /// Whether `stores` is wrong, so that it is not known which names it has.
    private let isIncomplete: Bool

    init(_ file: Section) {
        standard = file["store"].map { StoreReader(name: nil).read($0, log: file.log) }
        guard let entry = file["stores"] else {
            (named, isIncomplete) = ([], false)
            if standard == nil { file.missing("store", "write store: with the bucket and its region under it") }
            return
        }
        let entries = file.section("stores", keys: nil)?.all
        named = entries?.compactMap { Self.read($0, log: file.log) } ?? []
        isIncomplete = named.count != entries?.count
        if let entries, entries.isEmpty {
            file.log.problem(at: entry.keyPosition, "stores is empty", "write the name of a store under it, or remove it")
        }
    }

    private static func read(_ entry: YAMLEntry, log: DiagnosticLog) -> StoreDraft? {
        do throws(ValueError) {
            let name = try Identifier.parse(entry.key, what: "a store's name", underscores: true)
            return StoreReader(name: name).read(entry, log: log)
        } catch {
            log.problem(at: entry.keyPosition, error)
            return nil
        }
    }

    private var all: [StoreDraft] { (standard.map { [$0] } ?? []) + named }

    /// Finds the store that a rule names.
    /// - Returns: nil, with a problem logged, if there is none
    func store(of rule: Section, key: String) -> StoreDraft? {
        guard rule[key] != nil else {
            if standard == nil, !named.isEmpty {
                rule.log.problem(
                    at: rule.position,
                    "\(rule.title) has no store, and neither has the file",
                    "write store: \(named[0].name ?? "") in the rule, or store: at the top of the file"
                )
            }
            return standard
        }
        if let value = rule[key]?.value, case .mapping = value.content {
            rule.log.problem(
                at: value.position, "the store of a rule is a name",
                "write these keys under stores: and a name at the top of the file, and store: with this name here")
            return nil
        }
        let found: Located<StoreDraft?>? = rule.value(key) { text throws(ValueError) in
            if let found = named.first(where: { $0.name?.hasSameBytes(as: text) ?? false }) { return found }
            guard !isIncomplete else { return nil }
            let names = named.compactMap(\.name)
            throw ValueError(
                "\(text.quoted) is not the name of a store",
                suggesting: .init(for: text, in: names),
                else: names.isEmpty
                    ? "write its bucket and region under stores: at the top of the file"
                    : "write one of \(names.prefix(20).joined(separator: ", "))"
            )
        }
        return found?.value
    }

    /// - Parameter rules: every rule of the file
    func warnOfUnused(by rules: [RuleDraft], log: DiagnosticLog) {
        let used = Set(rules.compactMap(\.store).map(\.name))
        for store in all where !used.contains(store.name) {
            log.warning(
                at: store.position,
                store.name.map { "no rule uses the store \($0.quoted)" } ?? "no rule uses store: each names one of stores",
                store.name.map { "name it in a rule, store: \($0), or remove it" } ?? "remove it, or the store of a rule"
            )
        }
    }
}
