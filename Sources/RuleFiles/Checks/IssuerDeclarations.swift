// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// The entries of `issuers` of many files, so that those that one token could fit are found without comparing all with all: tenants
/// that share a provider differ in the audience or in another claim, and there may be a hundred thousand of them.
struct IssuerDeclarations: Sendable {
    /// The entries with one `iss`, by it.
    private var exact: [ExactString: IssuerGroup] = [:]
    /// The entries with a placeholder, by their text.
    private var templates: [ExactString: Template] = [:]

    private struct Template: Sendable {
        var group = IssuerGroup()
        /// The keys of ``exact`` that the placeholder's pattern matches.
        var matching: Set<ExactString> = []
    }

    mutating func add(_ entry: IssuerEntry) {
        let pattern = entry.issuer.pattern
        let name = ExactString(pattern.text)
        if pattern.template == nil {
            if exact[name] == nil {
                for (text, template) in templates where template.group.pattern?.matches(pattern.text) ?? false {
                    templates[text]?.matching.insert(name)
                }
            }
            exact[name, default: IssuerGroup()].add(entry)
        } else {
            if templates[name] == nil {
                templates[name] = Template(matching: Set(exact.keys.filter { pattern.matches($0.text) }))
            }
            templates[name]?.group.add(entry)
        }
    }

    mutating func remove(_ entry: IssuerEntry) {
        let name = ExactString(entry.issuer.pattern.text)
        if entry.issuer.pattern.template == nil {
            exact[name]?.remove(entry)
            guard exact[name]?.pattern == nil else { return }
            exact[name] = nil
            for text in templates.keys { templates[text]?.matching.remove(name) }
        } else {
            templates[name]?.group.remove(entry)
            if templates[name]?.group.pattern == nil { templates[name] = nil }
        }
    }

    /// Calls a function with every entry of another file that a token of an entry could fit as well.
    func forEachConflict(of entry: IssuerEntry, _ body: (IssuerEntry) -> Void) {
        for list in candidates(for: entry) {
            for other in list where other.tenant != entry.tenant && !other.issuer.excludes(entry.issuer) { body(other) }
        }
    }

    /// Returns the first entry that a token of an entry could fit as well.
    /// - Parameter isOther: whether an entry counts
    func firstConflict(of entry: IssuerEntry, where isOther: (IssuerEntry) -> Bool) -> IssuerEntry? {
        var first: IssuerEntry?
        for list in candidates(for: entry) {
            for other in list {
                if let first, !other.precedes(first) { break }
                guard isOther(other), !other.issuer.excludes(entry.issuer) else { continue }
                first = other
                break
            }
        }
        return first
    }

    /// Sorted lists of entries, which have all that a token of an entry could fit.
    private func candidates(for entry: IssuerEntry) -> [[IssuerEntry]] {
        let pattern = entry.issuer.pattern
        let name = ExactString(pattern.text)
        var groups: [IssuerGroup] = []
        if pattern.template == nil {
            if let group = exact[name] { groups.append(group) }
        } else {
            groups = templates[name]?.matching.compactMap { exact[$0] } ?? []
        }
        groups += templates.values.filter { $0.group.pattern?.overlaps(pattern) ?? false }.map(\.group)
        return groups.flatMap { $0.candidates(for: entry.issuer) }
    }
}

/// Entries with the same text of `issuer`.
private struct IssuerGroup: Sendable {
    /// In the order of ``IssuerEntry/precedes(_:)``.
    private var entries: [IssuerEntry] = []
    /// Nil while there are so few that each can be looked at.
    private var byClaims: EntriesByClaims?

    /// Nil if the group is empty.
    var pattern: IssuerPattern? { entries.first?.issuer.pattern }

    mutating func add(_ entry: IssuerEntry) {
        entries.insert(entry)
        if byClaims != nil {
            byClaims?.add(entry)
        } else if entries.count > 8 {
            byClaims = EntriesByClaims()
            for entry in entries { byClaims?.add(entry) }
        }
    }

    mutating func remove(_ entry: IssuerEntry) {
        entries.remove(entry)
        byClaims?.remove(entry)
    }

    /// Sorted lists of entries, which have all that do not exclude an issuer.
    func candidates(for issuer: Issuer) -> [[IssuerEntry]] {
        byClaims?.candidates(for: issuer) ?? [entries]
    }
}

/// Entries by the claims that they require.
private struct EntriesByClaims: Sendable {
    /// By the sorted names of the claims that each entry of a group requires. If there are too many such groups, one group of all.
    private var groups: [[ExactString]: EntriesWithClaims] = [:]
    private var isOneGroup = false

    private static let maximumGroups = 64

    mutating func add(_ entry: IssuerEntry) {
        let required = entry.issuer.requiredValues
        groups[names(of: required), default: EntriesWithClaims()].add(entry, required)
        guard groups.count > Self.maximumGroups else { return }
        let all = groups.values.flatMap(\.entries)
        isOneGroup = true
        groups = [[]: EntriesWithClaims()]
        for entry in all { groups[[]]?.add(entry, entry.issuer.requiredValues) }
    }

    mutating func remove(_ entry: IssuerEntry) {
        let required = entry.issuer.requiredValues
        groups[names(of: required)]?.remove(entry, required)
    }

    private func names(of required: [ExactString: Set<RequiredClaim.Value>]) -> [ExactString] {
        isOneGroup ? [] : required.keys.sorted()
    }

    /// Sorted lists of entries, which have all that do not exclude an issuer.
    func candidates(for issuer: Issuer) -> [[IssuerEntry]] {
        let required = issuer.requiredValues
        return groups.values.flatMap { $0.candidates(for: required) }
    }
}

/// Entries that require the same claims, or at least some in common.
private struct EntriesWithClaims: Sendable {
    private(set) var entries: [IssuerEntry] = []
    private var claims: [ExactString: Claim] = [:]

    private struct Claim: Sendable {
        /// How many entries require it.
        var count = 0
        /// The entries by each value that they allow.
        var byValue: [RequiredClaim.Value: [IssuerEntry]] = [:]
    }

    mutating func add(_ entry: IssuerEntry, _ required: [ExactString: Set<RequiredClaim.Value>]) {
        entries.insert(entry)
        for (claim, values) in required {
            claims[claim, default: Claim()].count += 1
            for value in values { claims[claim]?.byValue[value, default: []].insert(entry) }
        }
    }

    mutating func remove(_ entry: IssuerEntry, _ required: [ExactString: Set<RequiredClaim.Value>]) {
        entries.remove(entry)
        for (claim, values) in required {
            claims[claim]?.count -= 1
            for value in values {
                claims[claim]?.byValue[value]?.remove(entry)
                if claims[claim]?.byValue[value]?.isEmpty ?? false { claims[claim]?.byValue[value] = nil }
            }
        }
    }

    /// The entries that allow one of an issuer's values of a claim which all of them require; no token can meet the requirements of
    /// the issuer and of any other entry. Of several such claims, the one with the fewest entries.
    func candidates(for required: [ExactString: Set<RequiredClaim.Value>]) -> [[IssuerEntry]] {
        let choices = required.compactMap { name, values -> [[IssuerEntry]]? in
            guard let claim = claims[name], claim.count == entries.count else { return nil }
            return values.compactMap { claim.byValue[$0] }
        }
        return choices.min { $0.total < $1.total } ?? [entries]
    }
}

extension IssuerEntry {
    /// The order in which a conflict is reported in the later entry: the service-wide file first, then by file and position.
    func precedes(_ other: IssuerEntry) -> Bool {
        if tenant == nil || other.tenant == nil {
            guard tenant == nil, other.tenant == nil else { return tenant == nil }
        } else if !file.hasSameBytes(as: other.file) {
            return file.utf8.lexicographicallyPrecedes(other.file.utf8)
        }
        return position < other.position
    }

    /// Reports that a token could fit this entry and an earlier one.
    func conflict(with other: IssuerEntry) -> Diagnostic {
        let scope = other.tenant == nil && tenant != nil ? "service-wide in" : "in"
        return Diagnostic(
            file: file, at: position,
            "a token of the issuer \(issuer.identifier.quoted) could fit this entry and the one \(scope) \(other.file):\(other.position.line)",
            "let both require different values of audience, authorizedParties or one of claims, or declare the issuer once: for several tenants, service-wide with tenantClaim",
            with: other.file)
    }
}

extension [IssuerEntry] {
    fileprivate mutating func insert(_ entry: IssuerEntry) {
        insert(entry, sortedBy: { $0.precedes($1) })
    }

    /// - Parameter entry: an element of the sorted array
    fileprivate mutating func remove(_ entry: IssuerEntry) {
        let index = sortedIndex { $0.precedes(entry) }
        guard index < count, self[index] === entry else { return }
        remove(at: index)
    }
}

extension [[IssuerEntry]] {
    fileprivate var total: Int { reduce(0) { $0 + $1.count } }
}

extension [IssuerDraft] {
    /// Reports entries of one file that one token could fit.
    /// - Returns: the later ones
    @discardableResult
    func checkDeclarations(log: DiagnosticLog) -> [IssuerEntry] {
        guard count > 1 else { return [] }
        var declarations = IssuerDeclarations()
        return compactMap(\.entry).filter { entry in
            declarations.add(entry)
            guard let other = declarations.firstConflict(of: entry, where: { $0 !== entry }) else { return false }
            log.add(entry.conflict(with: other))
            return true
        }
    }
}
