// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// The contents of rule files that are in force, and how newer ones come into force.
struct RulesInForce: Sendable {
    private var book = RuleBook(files: [])
    /// The files of the book, by the tenants' ids.
    private var files: [String: TenantFile] = [:]
    /// With the files of the book.
    private var conflicts = FileConflicts()
    private var service: ServiceSettings?
    private var issuers: ServiceWideIssuers

    /// The tenants whose files are held back, with the reasons.
    private var heldBack: [String: HeldBack] = [:]
    /// Names that are not those of rule files.
    private var misnamed: Set<String> = []
    private var heldBackService: HeldBackService?

    private struct HeldBackService {
        let file: ServiceFile
        let problems: [Diagnostic]
        /// The tenants whose contents in force do not go with it; nil if it has other problems.
        var tenants: Set<String>?
    }

    private init(service: ServiceSettings?) {
        self.service = service
        issuers = ServiceWideIssuers(service)
    }

    // MARK: Start

    /// Brings all files into force, unless there is a problem.
    /// - Parameter problems: those of the folder itself
    static func load(
        _ all: [RuleFile], service: ServiceSettings?, besides problems: [Diagnostic]
    ) -> (rules: RulesInForce, outcome: RuleLoader.Outcome) {
        var rules = RulesInForce(service: service)
        let check = FolderCheck(all, rules.issuers, besides: problems)
        let warnings = ((service?.warnings ?? []) + check.warnings).sorted()
        guard check.problems.isEmpty else {
            return (rules, RuleLoader.Outcome(result: .failure(RuleFilesError(problems: check.problems)), warnings: warnings))
        }
        let files = check.files
        rules.conflicts = check.conflicts
        rules.book = RuleBook(files: files)
        rules.files = Dictionary(files.map { ($0.tenant.id, $0) }) { first, _ in first }
        return (rules, RuleLoader.Outcome(result: .success(rules.book), warnings: warnings))
    }

    // MARK: Reload

    /// What lies outside of rule files, such as key files: returns the problems of a content that is not in force yet.
    struct OutsideChecks {
        let tenant: (TenantFile) -> [Diagnostic]
        let service: (ServiceSettings) -> [Diagnostic]
    }

    /// Brings into force what has no problem.
    /// - Parameters:
    ///   - changed: the names of files that have changed since the last reload
    ///   - newest: all files of the folder, by their names
    ///   - newService: the service-wide file; nil if there is none
    mutating func reload(
        _ changed: Set<String>, in newest: [String: RuleFile], service newService: ServiceFile?, _ checks: OutsideChecks
    ) -> RuleReload {
        for name in changed where !RuleFileName.isRight(name) {
            if newest[name] == nil { misnamed.remove(name) } else { misnamed.insert(name) }
        }
        let candidates = candidates(changed, in: newest)
        let renewal = newService.flatMap { renewService(to: $0, among: candidates, in: newest, checks) }
        let isServiceChanged = renewal != nil
        var selection: RuleSelection
        if let renewal {
            (service, issuers, selection) = (renewal.settings, renewal.issuers, renewal.selection)
        } else {
            selection = select(among: candidates, issuers, takeConflicts(without: candidates), checks)
        }
        if leavesNoTenant(selection) {
            // A mistake, such as a wrong name after a move: the tenants stay until there is another one.
            selection = select(among: candidates.mapValues(staying), issuers, FileConflicts(), checks)
        }
        conflicts = selection.conflicts
        return apply(selection.choices, renewal?.files ?? [:], in: newest, isServiceChanged: isServiceChanged)
    }

    private func candidates(_ changed: Set<String>, in newest: [String: RuleFile]) -> [String: RuleSelection.Candidate] {
        let misnamed = Set(misnamed.map(RuleFileName.tenant))
        let ids = Set(changed.map(RuleFileName.tenant)).union(heldBack.keys)
        return Dictionary(
            uniqueKeysWithValues: ids.map { id in
                let newest = newest[id + RuleFileName.suffix]
                return (
                    id, .init(newest: newest, inForce: files[id], reasonToStay: misnamed.contains(id) ? .misnamed : nil)
                )
            })
    }

    /// Whether there are tenants, and none of them would be left.
    private func leavesNoTenant(_ selection: RuleSelection) -> Bool {
        !files.isEmpty && selection.choices.values.allSatisfy { $0.file == nil }
            && files.keys.allSatisfy { selection.choices[$0] != nil }
    }

    /// Returns a candidate whose rules stay although its file is gone.
    private func staying(_ candidate: RuleSelection.Candidate) -> RuleSelection.Candidate {
        guard candidate.newest == nil, let file = candidate.inForce else { return candidate }
        let problem = Diagnostic(
            file: file.path, line: 0, column: 0, message: "the file is gone, and no other file can be used",
            advice: "put it back, or mend another one: until then these rules stay in force")
        return RuleSelection.Candidate(newest: nil, inForce: file, reasonToStay: .last(problem))
    }

    private func select(
        among candidates: [String: RuleSelection.Candidate], _ issuers: ServiceWideIssuers,
        _ conflicts: consuming FileConflicts, _ checks: OutsideChecks
    ) -> RuleSelection {
        RuleSelection(among: candidates, consume conflicts) { file in
            let check = TenantCheck(of: file, issuers)
            guard let file = check.file else { return .init(problems: check.problems) }
            let problems = checks.tenant(file)
            return problems.isEmpty ? .init(file: file, warnings: check.warnings) : .init(problems: problems)
        } checkInForce: { file in
            TenantCheck(of: file.file, issuers).problems
        }
    }

    /// Returns the conflicts of the files in force without those of the candidates, which have to be added again.
    private mutating func takeConflicts(without candidates: [String: RuleSelection.Candidate]) -> FileConflicts {
        var taken = FileConflicts()
        swap(&taken, &conflicts)
        if candidates.count > files.count / 8 {
            // Removing one file from long lists takes longer than adding one.
            taken = FileConflicts()
            taken.add(book.files.filter { candidates[$0.tenant.id] == nil }.map(\.file))
        } else {
            for candidate in candidates.values {
                if let file = candidate.inForce { taken.remove(file.file) }
            }
        }
        return taken
    }

    private mutating func apply(
        _ choices: [String: RuleSelection.Choice], _ renewed: [String: TenantFile], in newest: [String: RuleFile],
        isServiceChanged: Bool
    ) -> RuleReload {
        var changes: [String: TenantFile?] = renewed
        var warnings = isServiceChanged ? service?.warnings ?? [] : []
        for (id, choice) in choices {
            if choice.file !== files[id] { changes.updateValue(choice.file, forKey: id) }
            warnings += choice.warnings
            let path = newest[id + RuleFileName.suffix]?.path ?? choice.file?.path
            heldBack[id] = path.flatMap { path in
                guard !choice.problems.isEmpty else { return nil }
                return HeldBack(
                    file: path, tenant: id, isServed: choice.file != nil, problems: Set(choice.problems).sorted())
            }
        }
        let ids = changes.keys.sorted()
        let added = ids.filter { files[$0] == nil }
        let removed = ids.filter { changes[$0].flatMap(\.self) == nil }
        let replaced = ids.filter { files[$0] != nil && changes[$0].flatMap(\.self) != nil }
        if !changes.isEmpty { book = book.replacing(changes) }
        for (id, file) in changes { files[id] = file }
        return RuleReload(
            book: book, service: service ?? ServiceSettings(), isServiceChanged: isServiceChanged, added: added,
            changed: replaced,
            removed: removed, heldBack: allHeldBack(in: newest), warnings: warnings.sorted())
    }

    private func allHeldBack(in newest: [String: RuleFile]) -> [HeldBack] {
        let misnamed = misnamed.compactMap { newest[$0] }.map { file in
            HeldBack(file: file.path, tenant: file.id, isServed: files[file.id] != nil, problems: file.problems)
        }
        let service = heldBackService.map { held in
            HeldBack(file: held.file.path, tenant: nil, isServed: true, problems: Set(held.problems).sorted())
        }
        return (heldBack.values + misnamed + [service].compactMap(\.self)).sorted {
            $0.file.bytesPrecede($1.file)
        }
    }

    // MARK: The service-wide file

    /// Another content of the service-wide file, and what comes into force with it.
    private struct ServiceRenewal {
        let settings: ServiceSettings
        let issuers: ServiceWideIssuers
        let selection: RuleSelection
        /// The files in force that the other issuers change, by the tenants' ids.
        let files: [String: TenantFile]
    }

    /// Finds out whether the newest content of the service-wide file can come into force.
    ///
    /// It does so even if a tenant's content in force names an issuer that it no longer has: the issuer must not be trusted any longer,
    /// and no token fits the name from then on. The tenant is listed with the problem.
    /// - Returns: nil if it is in force or held back
    private mutating func renewService(
        to file: ServiceFile, among candidates: [String: RuleSelection.Candidate], in newest: [String: RuleFile],
        _ checks: OutsideChecks
    ) -> ServiceRenewal? {
        guard file.content != service?.fileDigest.map({ RuleFile.Content.read($0) }) else {
            heldBackService = nil
            return nil
        }
        if let held = heldBackService, held.file === file, held.tenants?.isDisjoint(with: candidates.keys) ?? false { return nil }
        let problems = file.settings.map(checks.service) ?? file.problems
        guard let settings = file.settings, problems.isEmpty else {
            heldBackService = HeldBackService(file: file, problems: problems)
            return nil
        }
        let issuers = ServiceWideIssuers(settings)
        var renewed: [String: TenantFile] = [:]
        var conflicting: [String: [Diagnostic]] = [:]
        var candidates = candidates
        if issuers.all != self.issuers.all {
            let withRemoved = issuers.adding(removedFrom: self.issuers)
            for (id, file) in files {
                let check = TenantCheck(of: file.file, issuers)
                if !check.problems.isEmpty {
                    guard TenantCheck(of: file.file, withRemoved).problems.isEmpty else {
                        conflicting[id] = check.problems
                        continue
                    }
                    // It is judged as if its file had changed.
                    if candidates[id] == nil {
                        candidates[id] = .init(newest: newest[id + RuleFileName.suffix], inForce: file, reasonToStay: nil)
                    }
                }
                if let new = check.fileInForce, new.keyIssuers != file.keyIssuers || new.warnings != file.warnings {
                    renewed[id] = new
                }
            }
        }
        // What is in force for a candidate does not matter if something newer takes its place.
        var blocking = conflicting.filter { candidates[$0.key] == nil }
        if blocking.isEmpty {
            let saved = conflicts
            let candidates = candidates.mapValues { candidate in
                RuleSelection.Candidate(
                    newest: candidate.newest, inForce: candidate.inForce.map { renewed[$0.tenant.id] ?? $0 },
                    reasonToStay: candidate.reasonToStay)
            }
            let selection = select(among: candidates, issuers, takeConflicts(without: candidates), checks)
            blocking = conflicting.filter { id, _ in
                candidates[id].map { $0.inForce === selection.choices[id]?.file } ?? false
            }
            if blocking.isEmpty {
                heldBackService = nil
                return ServiceRenewal(settings: settings, issuers: issuers, selection: selection, files: renewed)
            }
            conflicts = saved
        }
        heldBackService = HeldBackService(
            file: file, problems: blocking.values.flatMap(\.self), tenants: Set(blocking.keys))
        return nil
    }
}
