// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import RuleFiles
import UploadRules
import WireFormats

/// What became of the start or of one change of files, for operators. Its texts are printable, and bounded in number and length.
struct ReloadRecord: Sendable {
    /// The most names of tenants, and the most problems and the most warnings.
    static let maximum = (tenants: 20, texts: 10, characters: 500)

    let moment: Moment
    /// Whether it is the start and not a change.
    let isStart: Bool
    let result: ReloadStatus.Result
    /// Of the snapshot that was in force after it.
    let generation: Int
    /// How many tenants are new, have other rules, and are gone.
    let added: Int
    let changed: Int
    let removed: Int
    /// The ids of the first of them.
    let tenants: [String]
    let isServiceFileChanged: Bool
    let isCertificateChanged: Bool
    /// How many files were held back after it.
    let heldBackFiles: Int
    /// The first problems of files that it did not bring into force, as `check` tells them.
    let problems: [String]
    let problemCount: Int
    let warnings: [String]
    let warningCount: Int
    /// See ``Reloader/Change/settingsForRestart``.
    let settingsForRestart: [String]

    /// The start.
    /// - Parameter warnings: those of files, as they are logged
    init(start snapshot: ServiceSnapshot, warnings: [String], at moment: Moment) {
        self.moment = moment
        isStart = true
        result = .ok
        generation = snapshot.generation
        (added, changed, removed) = (snapshot.book.tenants.count, 0, 0)
        tenants = snapshot.book.tenants.prefix(Self.maximum.tenants).map(\.id)
        (isServiceFileChanged, isCertificateChanged) = (false, false)
        heldBackFiles = 0
        (problems, problemCount) = ([], 0)
        self.warnings = Self.first(warnings)
        warningCount = warnings.count
        settingsForRestart = []
    }

    /// A change.
    /// - Parameters:
    ///   - newlyHeldBack: the files that are held back and were not before, or for other reasons
    ///   - generation: of the snapshot that is in force now
    init(_ change: Reloader.Change, newlyHeldBack: [HeldBackFile], generation: Int, at moment: Moment) {
        self.moment = moment
        isStart = false
        result = change.heldBack.isEmpty ? .ok : change.next != nil ? .partial : .heldBack
        self.generation = generation
        let next = change.next
        (added, changed, removed) = (next?.added.count ?? 0, next?.changed.count ?? 0, next?.removed.count ?? 0)
        let names = [next?.added, next?.changed, next?.removed].lazy.compactMap(\.self).joined()
        tenants = Array(names.prefix(Self.maximum.tenants))
        isServiceFileChanged = next?.isServiceFileChanged ?? false
        isCertificateChanged = next?.isCertificateChanged ?? false
        heldBackFiles = change.heldBack.count
        problems = Self.first(newlyHeldBack.lazy.flatMap { $0.problems.lazy.map(\.description) })
        problemCount = newlyHeldBack.reduce(0) { $0 + $1.problems.count }
        warnings = Self.first(change.warnings)
        warningCount = change.warnings.count
        settingsForRestart = change.settingsForRestart
    }

    private static func first(_ texts: some Sequence<String>) -> [String] {
        texts.prefix(maximum.texts).map { $0.printable(limit: maximum.characters) }
    }
}
