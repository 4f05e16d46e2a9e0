// SPDX-License-Identifier: Apache-2.0

import Logging
import RuleFiles
import WireFormats

/// Logs what becomes of changed files: one line for each change, and one for each file that is held back or no longer is.
struct ReloadLog: Sendable {
    /// The most lines of one kind for one change, the most names and problems in one line, and the most characters of a problem.
    private static let maximum = (lines: 20, names: 20, problems: 3, characters: 400)

    let logger: Logger

    func beganFullReading() {
        logger.notice("SIGHUP: reading all files")
    }

    func foundNothing() {
        logger.notice("all files were read, and none has changed")
    }

    /// - Parameter heldBackBefore: the files that were held back before
    func judged(_ change: Reloader.Change, heldBackBefore: [HeldBackFile]) {
        if let next = change.next { logger.notice("changed files are in force", metadata: metadata(next, change.heldBack.count)) }
        for warning in change.warnings.prefix(Self.maximum.lines) {
            logger.warning("set-up warning", metadata: ["warning": "\(warning)"])
        }
        noteOmitted(change.warnings.count, "warnings")
        if !change.settingsForRestart.isEmpty {
            logger.warning(
                "changed settings need a restart",
                metadata: ["settings": "\(change.settingsForRestart.joined(separator: " "))"])
        }
        let before = Set(heldBackBefore)
        let new = change.heldBack.filter { !before.contains($0) }
        for held in new.prefix(Self.maximum.lines) { log(held) }
        noteOmitted(new.count, "files that are held back")
        let files = Set(change.heldBack.map(\.file))
        let released = heldBackBefore.filter { !files.contains($0.file) }
        for held in released.prefix(Self.maximum.lines) {
            logger.notice("the file is no longer held back", metadata: ["file": "\(held.file)"])
        }
        noteOmitted(released.count, "files that are no longer held back")
    }

    private func metadata(_ next: Reloader.Next, _ heldBack: Int) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "generation": .stringConvertible(next.snapshot.generation), "digest": "\(next.snapshot.book.digest)",
            "added": .stringConvertible(next.added.count), "changed": .stringConvertible(next.changed.count),
            "removed": .stringConvertible(next.removed.count), "heldBack": .stringConvertible(heldBack),
        ]
        let names = next.added + next.changed + next.removed
        if !names.isEmpty {
            metadata["tenantIds"] = "\(names.prefix(Self.maximum.names).joined(separator: " "))"
        }
        if next.isServiceFileChanged { metadata["serviceFile"] = "changed" }
        if next.isCertificateChanged { metadata["certificate"] = "changed" }
        return metadata
    }

    private func log(_ held: HeldBackFile) {
        var metadata: Logger.Metadata = ["file": "\(held.file)", "count": .stringConvertible(held.problems.count)]
        if let tenant = held.tenant { metadata["tenant"] = "\(tenant)" }
        let problems = held.problems.prefix(Self.maximum.problems).map { $0.description.prefix(Self.maximum.characters) }
        metadata["problems"] = "\(problems.joined(separator: " | "))"
        logger.error(
            held.isServed
                ? "the file is held back: what it said before stays in force"
                : "the file is held back: its tenant is not served",
            metadata: metadata)
    }

    private func noteOmitted(_ count: Int, _ what: String) {
        guard count > Self.maximum.lines else { return }
        logger.warning("there are more \(what) than are logged", metadata: ["count": .stringConvertible(count)])
    }
}
