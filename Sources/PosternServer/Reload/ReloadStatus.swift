// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
package import RuleFiles
import Synchronization

/// A file whose content on disk is not in use, with the reasons.
package struct HeldBackFile: Sendable, Hashable {
    package let file: String
    /// The tenant whose rules they are; nil for any other file.
    let tenant: String?
    /// Whether an earlier content of it is in use: false for a new tenant.
    package let isServed: Bool
    /// Never empty.
    package let problems: [Diagnostic]

    init(file: String, tenant: String? = nil, isServed: Bool = true, problems: [Diagnostic]) {
        self.file = file
        self.tenant = tenant
        self.isServed = isServed
        self.problems = problems
    }

    init(_ held: HeldBack) {
        self.init(file: held.file, tenant: held.tenant, isServed: held.isServed, problems: held.problems)
    }

    /// Returns nil if the latest content is in use, or if no content ever was.
    /// - Parameter advice: what to do
    init?(_ watched: WatchedValue<some Sendable>, advice: String) {
        guard watched.inUse != nil, let problem = watched.problem, let file = watched.paths.first else { return nil }
        let problems = problem.sentences.map { sentence in
            let message = sentence.hasPrefix("\(file): ") ? String(sentence.dropFirst(file.count + 2)) : sentence
            return Diagnostic(file: file, line: 0, column: 0, message: message, advice: advice)
        }
        self.init(file: file, problems: problems)
    }
}

/// What operators are told of reloads, in `/readyz`, the metrics and the status page.
final class ReloadStatus: Sendable {
    /// What became of a change.
    enum Result: String, Sendable, CaseIterable {
        /// All of it is in force.
        case ok
        /// Some of it is in force, and some files are held back.
        case partial
        /// Nothing of it is in force.
        case heldBack = "held-back"
    }

    struct Report: Sendable {
        /// Sorted by file.
        fileprivate(set) var heldBack: [(file: HeldBackFile, since: Moment)] = []
        /// When the snapshot in force was put into force.
        fileprivate(set) var replacedAt: Moment
        /// When the files were last looked at; nil if they have not been since the start.
        fileprivate(set) var lookedAt: Moment?
        fileprivate(set) var results: [Result: Int] = [:]
        /// The last ``ReloadStatus/maximumRecords`` changes, or the start and those since, the latest first.
        fileprivate(set) var records: [ReloadRecord]
    }

    static let maximumRecords = 20

    private let state: Mutex<Report>

    /// - Parameter start: what became of the start
    init(start: ReloadRecord) {
        state = Mutex(Report(replacedAt: start.moment, records: [start]))
    }

    var report: Report { state.withLock { $0 } }

    /// The files were looked at.
    func looked(at moment: Moment) {
        state.withLock { $0.lookedAt = moment }
    }

    /// A change was judged. Only one thread may call it.
    /// - Parameter generation: of the snapshot that is in force now
    func judged(_ change: Reloader.Change, generation: Int, at moment: Moment) {
        let before = Dictionary(report.heldBack.map { ($0.file.file, $0) }) { first, _ in first }
        let heldBack = change.heldBack.map { (file: $0, since: before[$0.file]?.since ?? moment) }
        let new = change.heldBack.filter { before[$0.file]?.file != $0 }
        let record = ReloadRecord(change, newlyHeldBack: new, generation: generation, at: moment)
        state.withLock { state in
            state.heldBack = heldBack
            if change.next != nil { state.replacedAt = moment }
            state.results[record.result, default: 0] += 1
            state.records.insert(record, at: 0)
            if state.records.count > Self.maximumRecords { state.records.removeLast() }
        }
    }
}
