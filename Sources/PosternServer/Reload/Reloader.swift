// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import Synchronization
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Looks at all files that the service uses, and makes the next snapshot of what has changed.
///
/// It reads files, so it blocks: call it on a thread of its own.
final class Reloader: Sendable {
    /// What a look brought.
    struct Outcome: Sendable {
        /// Whether a file may still be being written: look again soon.
        let isUnsettled: Bool
        /// Nil if nothing has changed.
        let change: Change?
    }

    /// What has changed, and what becomes of it.
    struct Change: Sendable {
        /// Nil if none of it can be used.
        let next: Next?
        /// All files that are held back now, sorted by file.
        let heldBack: [HeldBackFile]
        /// About files that have changed.
        let warnings: [String]
        /// The settings that differ from those of the start and need a restart; empty if none of them has changed now.
        let settingsForRestart: [String]
    }

    /// A snapshot to put into force.
    struct Next: Sendable {
        let snapshot: ServiceSnapshot
        /// What it fetches and the one before does not.
        let newSources: [any RefreshedSource]
        /// The ids of the tenants whose rules differ.
        let added: [String]
        let changed: [String]
        let removed: [String]
        let isServiceFileChanged: Bool
        let isCertificateChanged: Bool
    }

    /// The files with their contents in use.
    fileprivate struct Files {
        var folder: RuleFolder
        let keyFiles: KeyFiles
        var certificate: WatchedValue<ServerCertificate>?
        /// Rule files and the service-wide file.
        var heldBack: [HeldBackFile] = []
        /// Why there is no reading of the folder, as the last look found it, and as it was reported.
        var noReading: (last: Diagnostic?, reported: Diagnostic?)
        /// The settings that the service-wide file had last.
        var lastSettings: ServiceSettings
    }

    private let files: Mutex<Files>
    private let system: RuleFileSystem
    private let maker: SnapshotMaker
    private let startSettings: ServiceSettings
    private let overlay: @Sendable (ServiceSettings) -> ServiceSettings

    /// - Parameters:
    ///   - folder: as it was loaded
    ///   - keyFiles: as they were loaded
    ///   - certificate: of the public listener, as it was loaded; nil without TLS
    ///   - settings: those of the start
    ///   - system: access to the files
    ///   - overlay: lays flags and variables over what the service-wide file says
    init(
        _ folder: RuleFolder, _ keyFiles: sending KeyFiles, _ certificate: WatchedValue<ServerCertificate>?,
        settings: ServiceSettings, maker: SnapshotMaker, system: RuleFileSystem = .local,
        overlay: @escaping @Sendable (ServiceSettings) -> ServiceSettings
    ) {
        files = Mutex(
            Files(folder: folder, keyFiles: keyFiles, certificate: certificate, noReading: (nil, nil), lastSettings: settings))
        self.system = system
        self.maker = maker
        startSettings = settings
        self.overlay = overlay
    }

    /// Looks at the files, and judges what two looks in a row have found.
    /// - Parameters:
    ///   - everything: whether all files are read, and not only those whose stamps have changed
    ///   - current: the snapshot in force
    ///   - now: the time, of the same clock as the file system's
    func look(everything: Bool, after current: ServiceSnapshot, at now: Date) -> Outcome {
        files.withLock { files in
            let rules = files.folder.look(everything: everything, at: now)
            let keys = files.keyFiles.look(everything: everything, at: now)
            let certificate = files.certificate?.look(everything: everything, at: now, system) ?? []
            var isUnsettled = rules == .unsettled || keys.union(certificate).contains(.unsettled)
            var isJudged = rules == .settled || keys.union(certificate).contains(.changed)
            switch files.noteReading() {
            case .again: isUnsettled = true
            case .reported: isJudged = true
            case .known: break
            }
            guard isJudged else { return Outcome(isUnsettled: isUnsettled, change: nil) }
            return Outcome(
                isUnsettled: isUnsettled,
                change: judge(
                    &files, areRulesJudged: rules == .settled || keys.contains(.changed), after: current, at: now))
        }
    }

    private func judge(_ files: inout Files, areRulesJudged: Bool, after current: ServiceSnapshot, at now: Date) -> Change {
        let keyFiles = files.keyFiles
        var settings = current.settings
        var rules: RuleReload?
        var settingsForRestart: [String] = []
        if areRulesJudged {
            let reload = files.folder.makeBook { file in
                keyFiles.problems(of: file.issuers, file.problem(ofIssuer:_:_:))
            } checkingService: { settings in
                keyFiles.problems(of: settings.issuers, settings.problem(ofIssuer:_:_:))
            }
            files.heldBack = reload.heldBack.map(HeldBackFile.init)
            settings = overlay(reload.service)
            if !settings.settingsForRestart(since: files.lastSettings).isEmpty {
                settingsForRestart = settings.settingsForRestart(since: startSettings)
            }
            files.lastSettings = settings
            rules = reload
        }
        var warnings = rules?.warnings.map(\.description) ?? []
        let certificate = files.certificate?.inUse?.value
        var next: Next?
        do throws(SetupError) {
            let made = try maker.snapshot(rules?.book ?? current.book, settings, certificate, keyFiles, after: current)
            warnings += made.warnings
            next = Next(made.snapshot, rules, after: current)
            if let next, next.isCertificateChanged, let warning = certificate?.validity.warning(at: now) {
                warnings.append("\(warning.message); \(warning.advice)")
            }
        } catch {
            warnings += error.sentences
        }
        // What the rules that are held back name is looked at, too.
        if areRulesJudged { keyFiles.forgetUnused() }
        return Change(
            next: next, heldBack: files.allHeldBack, warnings: warnings, settingsForRestart: settingsForRestart)
    }
}

extension Reloader.Next {
    /// Returns nil if nothing differs.
    fileprivate init?(_ snapshot: ServiceSnapshot, _ rules: RuleReload?, after current: ServiceSnapshot) {
        self.snapshot = snapshot
        added = rules?.added ?? []
        changed = rules?.changed ?? []
        removed = rules?.removed ?? []
        isServiceFileChanged = rules?.isServiceChanged ?? false
        isCertificateChanged = snapshot.certificate?.context !== current.certificate?.context
        let areIssuersChanged = !snapshot.issuers.all.elementsEqual(current.issuers.all) { $0.trusted === $1.trusted }
        guard rules?.isChanged ?? false || isCertificateChanged || areIssuersChanged else { return nil }
        newSources = snapshot.newSources(since: current)
    }
}

extension Reloader.Files {
    fileprivate enum Reading {
        /// It is as before.
        case known
        /// It differs from the look before.
        case again
        /// Two looks have found it: it is reported from now on.
        case reported
    }

    /// Notes whether the folder could be read: that it cannot counts when two looks in a row find it.
    fileprivate mutating func noteReading() -> Reading {
        let problem = folder.problem
        defer { noReading.last = problem }
        guard problem != noReading.reported else { return .known }
        guard problem == noReading.last else { return .again }
        noReading.reported = problem
        return .reported
    }

    fileprivate var allHeldBack: [HeldBackFile] {
        var all = heldBack + keyFiles.heldBack
        if let problem = noReading.reported { all.append(HeldBackFile(file: problem.file, problems: [problem])) }
        if let certificate,
            let held = HeldBackFile(
                certificate, advice: "put a valid certificate and its key there: until then the ones before are used")
        {
            all.append(held)
        }
        return all.sorted { $0.file.bytesPrecede($1.file) }
    }
}
