// SPDX-License-Identifier: Apache-2.0

import Dispatch
import LocalFiles
import Synchronization
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The differences between two folders of rule files, for `postern diff`.
///
/// Only files that are not the same, byte for byte, are read as rules. Each tenant is compared by its own file and the service-wide
/// one; what files may not have in common with others is for `check`.
package struct RuleComparison: Sendable {
    /// Those of the service-wide file first, then sorted by tenant.
    package let changes: [RuleChange]
    /// What is wrong with the files, in the words of `check`, sorted. If there is anything, ``changes`` is empty.
    package let problems: [Diagnostic]

    /// One of the two sides.
    package struct Side: Sendable {
        let folder: String
        /// The path of the service-wide file; nil if it is not known.
        let service: String?

        package init(folder: String, service: String?) {
            self.folder = folder
            self.service = service
        }
    }

    /// - Parameter now: when requests are made that show that access is widened
    package init(from old: Side, to new: Side, at now: Date, files: RuleFileSystem = .local) {
        let oldFolder = ComparedFolder(old, allowsNone: true, files: files)
        let newFolder = ComparedFolder(new, allowsNone: false, files: files)
        let wrong = oldFolder.problems + newFolder.problems
        guard wrong.isEmpty else {
            (changes, problems) = ([], wrong.sorted())
            return
        }
        let time = now.timeIntervalSince1970.rounded(.down)
        let pairs = ComparedPairs(old: oldFolder, new: newFolder, time: time)
        let (found, further) = pairs.compare()
        problems = further.sorted()
        changes = problems.isEmpty ? ServiceComparison(old: oldFolder, new: newFolder, time: time).changes() + found : []
    }
}

/// The files of two folders, by their names.
private struct ComparedPairs: Sendable {
    let old: ComparedFolder
    let new: ComparedFolder
    let time: Double

    /// How many files one thread compares at a time.
    private static let chunk = 256

    func compare() -> (changes: [RuleChange], problems: [Diagnostic]) {
        let names = Set(old.names.keys).union(new.names.keys).sorted()
        let count = (names.count + Self.chunk - 1) / Self.chunk
        let results = Mutex<[Int: (changes: [RuleChange], problems: [Diagnostic])]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            var changes: [RuleChange] = []
            var problems: [Diagnostic] = []
            for name in names[(index * Self.chunk)..<min(names.count, (index + 1) * Self.chunk)] {
                compare(name.text, &changes, &problems)
            }
            let result = (changes: changes, problems: problems)
            results.withLock { $0[index] = result }
        }
        let all = results.withLock { results in (0..<count).compactMap { results[$0] } }
        return (all.flatMap(\.changes), all.flatMap(\.problems))
    }

    private func compare(_ name: String, _ changes: inout [RuleChange], _ problems: inout [Diagnostic]) {
        if old.hasSameFile(name, as: new) { return }
        let (before, after) = (old.content(of: name), new.content(of: name))
        if case .bytes(let left) = before, case .bytes(let right) = after, left == right { return }
        let (oldTenant, oldProblems) = old.tenant(name, before)
        let (newTenant, newProblems) = new.tenant(name, after)
        guard oldProblems.isEmpty, newProblems.isEmpty else {
            problems += oldProblems + newProblems
            return
        }
        let comparison = TenantComparison(
            RuleFileName.tenant(of: name), old: oldTenant, new: newTenant,
            knowsService: old.service != nil && new.service != nil, at: time)
        changes += comparison.changes()
    }
}

/// A folder of rule files and the service-wide file beside it, of which each is read when it is asked for.
struct ComparedFolder: Sendable {
    private let folder: String
    /// Without symbolic links.
    private let resolved: String
    private let listing: FolderListing
    private let files: RuleFileSystem
    /// The indices in the listing.
    let names: [ExactString: Int]
    /// What is wrong with the folder or the service-wide file.
    let problems: [Diagnostic]
    /// Nil if it is not known.
    let service: ComparedService?
    private let issuers: ServiceWideIssuers

    enum Content {
        case missing
        case bytes([UInt8])
        case unread(UnreadFile)
    }

    /// - Parameter allowsNone: whether the folder may be without rule files
    init(_ side: RuleComparison.Side, allowsNone: Bool, files: RuleFileSystem) {
        folder = side.folder
        self.files = files
        var problems: [Diagnostic] = []
        service = side.service.flatMap { ComparedService($0, files: files, &problems) }
        issuers = ServiceWideIssuers(service?.settings)
        let found: (resolved: String, listing: FolderListing)
        do throws(RuleFileSystem.Failure) {
            let resolved = try files.resolve(folder)
            found = (resolved, try files.list(resolved, nil))
        } catch {
            found = ("", FolderListing(folder: FileStamp(kind: .missing)))
            problems.append(FolderError.unreadable(folder, error).problem)
        }
        (resolved, listing) = found
        let regular = found.listing.indices.filter { found.listing.stamps[$0].kind != .folder }
        names = Dictionary(regular.map { (ExactString(found.listing.name(at: $0)), $0) }) { first, _ in first }
        if regular.isEmpty, !allowsNone, problems.isEmpty { problems.append(FolderError.noFiles(in: folder).problem) }
        self.problems = problems
    }

    /// Whether both folders have one and the same file of this name.
    func hasSameFile(_ name: String, as other: ComparedFolder) -> Bool {
        guard let index = names[ExactString(name)], let place = other.names[ExactString(name)] else { return false }
        let (stamp, otherStamp) = (listing.stamps[index], other.listing.stamps[place])
        guard stamp.kind == .regular, !listing.isLink(at: index), !other.listing.isLink(at: place) else { return false }
        return stamp.device == otherStamp.device && stamp.inode == otherStamp.inode && RuleFileName.isRight(name)
    }

    func content(of name: String) -> Content {
        guard let index = names[ExactString(name)] else { return .missing }
        do throws(UnreadFile) {
            return .bytes(try files.contents(ofRuleFile: name, in: resolved, isLink: listing.isLink(at: index)))
        } catch {
            return .unread(error)
        }
    }

    /// Reads the rules of a tenant.
    /// - Returns: no tenant if there is no file, or if it has problems
    func tenant(_ name: String, _ content: Content) -> (RuledTenant?, [Diagnostic]) {
        switch content {
        case .missing: return (nil, [])
        case .unread(let error):
            return (nil, RuleFile(name, in: folder, unread: error.reason, advice: error.advice).problems)
        case .bytes(let bytes):
            var root: YAMLNode?
            // Paths of keys stay relative: the folders are two copies of one.
            let file = RuleFile(name, in: folder, keysIn: "", bytes: bytes, digest: SHA256Digest(hashing: bytes)) { root = $0 }
            let check = TenantCheck(of: file, issuers)
            guard let file = check.file, let root else { return (nil, check.problems) }
            return (RuledTenant(file, root: root, serviceIssuers: service?.settings.issuers ?? []), [])
        }
    }
}

/// A service-wide file and what it says of issuers.
struct ComparedService: Sendable {
    let path: String
    let settings: ServiceSettings
    let issuers: YAMLNode?

    fileprivate init?(_ path: String, files: RuleFileSystem, _ problems: inout [Diagnostic]) {
        let log = DiagnosticLog(file: path)
        guard let bytes = files.contents(of: path, log: log) else {
            problems += log.problems
            return nil
        }
        do throws(RuleFilesError) {
            settings = try ServiceSettings(file: path, keysIn: "", bytes: bytes, log: log)
        } catch {
            problems += error.problems
            return nil
        }
        self.path = path
        issuers = YAMLReader.read(bytes).root?["issuers"]
    }
}

/// Finds what differs between the issuers of two service-wide files. Other settings do not decide about requests for tickets.
struct ServiceComparison {
    let old: ComparedFolder
    let new: ComparedFolder
    let time: Double

    /// So many tenants are tried to find one for which a change widens access.
    private static let maximumTenants = 100

    func changes() -> [RuleChange] {
        guard let before = old.service, let after = new.service else { return [] }
        let elements = NamedElement.issuers(before.issuers, after.issuers, ComparedKeys.serviceIssuer, tenant: "")
        return elements.flatMap { element -> [RuleChange] in
            let path = "issuers[\(element.label)]"
            switch (element.old, element.new) {
            case (nil, let added?):
                let witness = witness(after.settings.issuers[added.index]) { maker, scope in maker.plain(scope) }
                return [
                    RuleChange(
                        tenant: nil, key: path, .added, file: after.path, at: added.node.position, widens: true,
                        witness: witness)
                ]
            case (let removed?, nil):
                return [
                    RuleChange(
                        tenant: nil, key: path, .removed, file: before.path, at: removed.node.position, widens: false)
                ]
            case (let left?, let right?):
                return LeafChange.all(from: left.leaves, to: right.leaves, tenant: "").map { leaf in
                    change(leaf, path: "\(path).\(leaf.path)", after.settings.issuers[right.index], before, after)
                }
            case (nil, nil): return []
            }
        }
    }

    private func change(
        _ leaf: LeafChange, path: String, _ issuer: Issuer, _ before: ComparedService, _ after: ComparedService
    ) -> RuleChange {
        // Any tenant's file may refer to the name.
        let widens = leaf.key.direction.widens(from: leaf.oldValue, to: leaf.newValue) ?? true
        return RuleChange(
            tenant: nil, key: path, .changed, leaf.texts, file: leaf.new == nil ? before.path : after.path,
            at: leaf.new?.position ?? leaf.old?.position ?? .start, widens: widens,
            witness: widens ? witness(issuer) { maker, scope in maker.probes(for: leaf, scope) } : nil)
    }

    /// Finds a tenant for which tokens of a service-wide issuer are accepted that were not.
    private func witness(_ issuer: Issuer, _ probes: (ProbeMaker, ProbeMaker.Scope) -> [Probe]) -> Witness? {
        var tried = 0
        for name in new.names.keys.sorted() where tried < Self.maximumTenants {
            let (tenant, _) = new.tenant(name.text, new.content(of: name.text))
            guard let tenant, tenant.file.serviceIssuers.accept(issuer.name) else { continue }
            tried += 1
            let (before, _) = old.tenant(name.text, old.content(of: name.text))
            let maker = ProbeMaker(old: before, new: tenant, time: time)
            let scope = ProbeMaker.Scope(rules: tenant.tenant.rules, callers: [.issuer(issuer, isServiceWide: true)])
            let oldJudge = before?.judge ?? RuleJudge([], serviceIssuers: [])
            for probe in probes(maker, scope).prefix(100) {
                if let witness = Witness(probe, old: oldJudge, new: tenant.judge) { return witness }
            }
        }
        return nil
    }
}
