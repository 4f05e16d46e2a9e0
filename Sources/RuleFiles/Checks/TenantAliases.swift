// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// The aliases and ids of many tenants, each of which a service-wide issuer's tenant claim may hold.
struct TenantAliases: Sendable {
    private var byValue: [ExactString: [Entry]] = [:]
    private var byID: [ExactString: RuleFile] = [:]

    private struct Entry: Sendable {
        let file: RuleFile
        let alias: Located<TenantAlias>

        func precedes(_ other: Entry) -> Bool {
            file === other.file ? alias.position < other.alias.position : file.precedes(other.file)
        }

        /// Whether a token with the value could be for both tenants.
        func collides(with other: Entry) -> Bool {
            let (issuer, others) = (alias.value.issuer, other.alias.value.issuer)
            return file !== other.file && (issuer == nil || others == nil || issuer == others)
        }

        /// Reports that an earlier entry has the same value.
        func conflict(with other: Entry) -> Diagnostic {
            Diagnostic(
                file: file.path, at: alias.position,
                "the alias \(alias.value.value.text.quoted) is of the tenant \(other.file.id.quoted) too (\(other.file.path):\(other.alias.position.line))",
                "remove one of them: each value of a tenant claim is of one tenant",
                with: other.file.path)
        }

        /// Reports that the value is the id of another file's tenant.
        func conflict(withIDOf other: RuleFile) -> Diagnostic {
            Diagnostic(
                file: file.path, at: alias.position,
                "the alias \(alias.value.value.text.quoted) is the id of another tenant (\(other.path))",
                "remove it: a token that names that tenant must not be for this one",
                with: other.path)
        }
    }

    mutating func add(_ file: RuleFile) {
        byID[ExactString(file.id)] = file
        for alias in file.draft.aliases {
            byValue[alias.value.value, default: []].insert(
                Entry(file: file, alias: alias), sortedBy: { $0.precedes($1) })
        }
    }

    mutating func remove(_ file: RuleFile) {
        byID[ExactString(file.id)] = nil
        for alias in file.draft.aliases {
            byValue[alias.value.value]?.removeAll { $0.file === file }
            if byValue[alias.value.value]?.isEmpty ?? false { byValue[alias.value.value] = nil }
        }
    }

    /// Returns the problems of a file with others.
    /// - Parameter inOthers: whether to return also those that are in the other file
    func problems(of file: RuleFile, inOthers: Bool) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        for alias in file.draft.aliases {
            let entry = Entry(file: file, alias: alias)
            if let other = byID[alias.value.value], other !== file { problems.append(entry.conflict(withIDOf: other)) }
            guard let other = byValue[alias.value.value]?.first(where: entry.collides) else { continue }
            if other.precedes(entry) {
                problems.append(entry.conflict(with: other))
            } else if inOthers {
                problems.append(other.conflict(with: entry))
            }
        }
        if inOthers, let other = byValue[ExactString(file.id)]?.first(where: { $0.file !== file }) {
            problems.append(other.conflict(withIDOf: file))
        }
        return problems
    }

    /// Calls a function with the other file of each conflict of a file.
    func forEachConflict(of file: RuleFile, _ body: (RuleFile) -> Void) {
        for alias in file.draft.aliases {
            let entry = Entry(file: file, alias: alias)
            if let other = byID[alias.value.value], other !== file { body(other) }
            for other in byValue[alias.value.value] ?? [] where entry.collides(with: other) { body(other.file) }
        }
        for other in byValue[ExactString(file.id)] ?? [] where other.file !== file { body(other.file) }
    }
}
