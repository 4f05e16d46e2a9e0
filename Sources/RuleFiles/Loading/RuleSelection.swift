// SPDX-License-Identifier: Apache-2.0

/// Chooses for each tenant whose file may change the newest content, or the one in force if the newest has a problem or is in conflict
/// with another file.
///
/// Files in conflict both fall back to what is in force. If one of them is in conflict with what is in force of the other already, it
/// falls back alone, so that it does not hold up the other's change. What a file falls back to may be in conflict with the newest
/// content of a third one, which then falls back too, until there is no conflict: the contents in force have none, so this ends.
struct RuleSelection {
    /// A tenant whose file may change.
    struct Candidate {
        /// Nil if the folder has no such file.
        let newest: RuleFile?
        /// Nil if the tenant is new.
        let inForce: TenantFile?
        /// Why what is in force stays although the folder has no such file; nil if it does not.
        let reasonToStay: ReasonToStay?

        enum ReasonToStay {
            /// The file has a wrong name now.
            case misnamed
            /// No tenant would be left.
            case last(Diagnostic)
        }
    }

    /// What was chosen for a tenant.
    struct Choice {
        /// Nil if the tenant is not served.
        var file: TenantFile?
        /// Why the newest content was not chosen; empty if it was.
        var problems: [Diagnostic] = []
        /// The warnings of the newest content, if it was chosen.
        var warnings: [Diagnostic] = []
    }

    private let candidates: [String: Candidate]
    /// By the tenants' ids.
    private(set) var choices: [String: Choice] = [:]
    /// The tenants with the newest content, so far.
    private var renewed: Set<String> = []
    /// With all files that were chosen.
    private(set) var conflicts: FileConflicts

    /// - Parameters:
    ///   - candidates: by the tenants' ids
    ///   - conflicts: with the files in force of all other tenants
    ///   - check: returns the choice of a content, or its problems
    ///   - checkInForce: returns the problems that a content in force has by now
    init(
        among candidates: [String: Candidate], _ conflicts: consuming FileConflicts, check: (RuleFile) -> Choice,
        checkInForce: (TenantFile) -> [Diagnostic]
    ) {
        self.candidates = candidates
        self.conflicts = consume conflicts
        for (id, candidate) in candidates { choose(id, candidate, check, checkInForce) }
        self.conflicts.add(candidates.keys.sorted().compactMap { choices[$0]?.file?.file })
        var inConflict = renewed.sorted().filter { !problems(of: $0).isEmpty }
        guard !inConflict.isEmpty else { return }
        var inForce = FileConflicts()
        inForce.add(candidates.values.compactMap { $0.inForce?.file })
        while !inConflict.isEmpty {
            let intruders = inConflict.filter { isIntruder($0, inForce) }
            inConflict = fallBack(intruders.isEmpty ? inConflict : intruders, of: inConflict)
        }
    }

    private mutating func choose(
        _ id: String, _ candidate: Candidate, _ check: (RuleFile) -> Choice, _ checkInForce: (TenantFile) -> [Diagnostic]
    ) {
        guard let newest = candidate.newest else {
            choices[id] =
                switch candidate.reasonToStay {
                case nil: Choice()
                case .misnamed: Choice(file: candidate.inForce)
                case .last(let problem): Choice(file: candidate.inForce, problems: [problem])
                }
            return
        }
        if let inForce = candidate.inForce, newest.content == inForce.file.content {
            choices[id] = Choice(file: inForce, problems: checkInForce(inForce))
            return
        }
        var choice = check(newest)
        if choice.problems.isEmpty {
            renewed.insert(id)
        } else {
            choice = Choice(file: candidate.inForce, problems: choice.problems)
        }
        choices[id] = choice
    }

    /// The conflicts of a tenant's newest content.
    private func problems(of id: String) -> [Diagnostic] {
        choices[id]?.file.map { conflicts.problems(of: $0.file, inOthers: true) } ?? []
    }

    /// Whether the newest content of a tenant is in conflict with another tenant's that is in force and stays in force.
    /// - Parameter inForce: the contents in force of all candidates
    private func isIntruder(_ id: String, _ inForce: FileConflicts) -> Bool {
        guard let file = choices[id]?.file?.file else { return false }
        let others = conflicts.tenants(inConflictWith: file).subtracting([id])
        if !others.isSubset(of: renewed) { return true }
        return !inForce.tenants(inConflictWith: file).isDisjoint(with: others)
    }

    /// - Parameter all: all tenants whose newest content is in conflict, with those that fall back
    /// - Returns: the tenants whose newest content still is, or is now with what others fell back to
    private mutating func fallBack(_ ids: [String], of all: [String]) -> [String] {
        let reasons = ids.map { problems(of: $0) }
        for (id, reasons) in zip(ids, reasons) {
            if let file = choices[id]?.file { conflicts.remove(file.file) }
            choices[id] = Choice(file: candidates[id]?.inForce, problems: reasons)
            renewed.remove(id)
        }
        let old = ids.compactMap { candidates[$0]?.inForce?.file }
        conflicts.add(old)
        let tenants = old.reduce(into: Set<String>()) { $0.formUnion(conflicts.tenants(inConflictWith: $1)) }
        let others = renewed.intersection(all).filter { !problems(of: $0).isEmpty }
        return tenants.intersection(renewed).union(others).sorted()
    }
}
