// SPDX-License-Identifier: Apache-2.0

/// Chooses for each tenant whose file may change the newest content, or the one in force if the newest has a problem or is in conflict
/// with another file.
///
/// Files in conflict both fall back to what is in force. That may be in conflict with the newest content of a third file, which then
/// falls back too, until there is no conflict: the contents in force have none, so this ends.
struct RuleSelection {
    /// A tenant whose file may change.
    struct Candidate {
        /// Nil if the folder has no such file.
        let newest: RuleFile?
        /// Nil if the tenant is new.
        let inForce: TenantFile?
        /// Whether what is in force stays although there is no newest content: the file has a wrong name now.
        let isMisnamed: Bool
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
    init(
        among candidates: [String: Candidate], _ conflicts: consuming FileConflicts, check: (RuleFile) -> Choice
    ) {
        self.candidates = candidates
        self.conflicts = consume conflicts
        for (id, candidate) in candidates { choose(id, candidate, check) }
        self.conflicts.add(candidates.keys.sorted().compactMap { choices[$0]?.file?.file })
        var falling = renewed.sorted().filter { !problems(of: $0).isEmpty }
        while !falling.isEmpty { falling = fallBack(falling) }
    }

    private mutating func choose(_ id: String, _ candidate: Candidate, _ check: (RuleFile) -> Choice) {
        guard let newest = candidate.newest else {
            choices[id] = Choice(file: candidate.isMisnamed ? candidate.inForce : nil)
            return
        }
        if newest.content == candidate.inForce?.file.content {
            choices[id] = Choice(file: candidate.inForce)
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

    /// - Returns: the tenants whose newest content is in conflict with what others fell back to
    private mutating func fallBack(_ ids: [String]) -> [String] {
        let reasons = ids.map { problems(of: $0) }
        for (id, reasons) in zip(ids, reasons) {
            if let file = choices[id]?.file { conflicts.remove(file.file) }
            choices[id] = Choice(file: candidates[id]?.inForce, problems: reasons)
            renewed.remove(id)
        }
        let old = ids.compactMap { candidates[$0]?.inForce?.file }
        conflicts.add(old)
        let tenants = old.reduce(into: Set<String>()) { $0.formUnion(conflicts.tenants(inConflictWith: $1)) }
        return tenants.intersection(renewed).sorted()
    }
}
