// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import RuleFiles
import Synchronization

/// A file whose content on disk is not in use, with the reasons.
struct HeldBackFile: Sendable, Hashable {
    let file: String
    /// The tenant whose rules they are; nil for any other file.
    let tenant: String?
    /// Whether an earlier content of it is in use: false for a new tenant.
    let isServed: Bool
    /// Never empty.
    let problems: [Diagnostic]

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

/// What operators are told of reloads, in `/readyz` and the metrics.
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
    }

    private let state: Mutex<Report>

    init(startedAt moment: Moment) {
        state = Mutex(Report(replacedAt: moment))
    }

    var report: Report { state.withLock { $0 } }

    /// The files were looked at.
    func looked(at moment: Moment) {
        state.withLock { $0.lookedAt = moment }
    }

    /// A change was judged.
    /// - Parameters:
    ///   - heldBack: all files that are held back now, sorted by file
    ///   - isReplaced: whether there is a new snapshot
    func judged(_ heldBack: [HeldBackFile], isReplaced: Bool, at moment: Moment) {
        state.withLock { state in
            let since = Dictionary(state.heldBack.map { ($0.file.file, $0.since) }) { first, _ in first }
            state.heldBack = heldBack.map { ($0, since[$0.file] ?? moment) }
            if isReplaced { state.replacedAt = moment }
            let result: Result = heldBack.isEmpty ? .ok : isReplaced ? .partial : .heldBack
            state.results[result, default: 0] += 1
        }
    }
}
