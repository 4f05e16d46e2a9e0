// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// All files of a folder, each checked alone, beside the service-wide issuers, and beside the others.
struct FolderCheck {
    /// Every problem of every file, sorted.
    let problems: [Diagnostic]
    /// Sorted.
    let warnings: [Diagnostic]
    /// The files that have no problem of their own, sorted by the tenants' ids. They may be in conflict with each other.
    let files: [TenantFile]
    /// With all files.
    let conflicts: FileConflicts
    /// All files, sorted by their paths.
    let all: [RuleFile]

    /// - Parameter problems: those of the folder itself
    init(_ all: [RuleFile], _ issuers: ServiceWideIssuers, besides problems: [Diagnostic]) {
        let all = all.sorted { $0.precedes($1) }
        var conflicts = FileConflicts()
        conflicts.add(all)
        var problems = problems
        var warnings: [Diagnostic] = []
        var files: [TenantFile] = []
        for (file, check) in zip(all, all.concurrentMap { TenantCheck(of: $0, issuers) }) {
            problems += check.problems
            warnings += check.warnings
            problems += conflicts.problems(of: file, inOthers: false) { entry in
                check.ambiguousEntries.contains { $0 === entry }
            }
            if let file = check.file { files.append(file) }
        }
        self.all = all
        self.problems = problems.sorted()
        self.warnings = warnings.sorted()
        self.files = files.sorted { $0.tenant.id < $1.tenant.id }
        self.conflicts = conflicts
    }

    /// Reads a folder.
    init(_ folder: String, service: ServiceSettings?, files: RuleFileSystem) {
        let (reading, problems) = FolderReading.first(folder, at: .distantFuture, files: files)
        self.init(Array(reading.counted.values), ServiceWideIssuers(service), besides: problems)
    }

    /// Returns the problems that are in a file, or between it and another one.
    ///
    /// ``problems`` does not have every pair of files in conflict: for each entry of a file it has one other file. So the file's own
    /// entries are compared once more if nothing else is wrong with it.
    func problems(of file: RuleFile) -> [Diagnostic] {
        let listed = problems.filter { $0.isAbout(file.path) }
        let conflicts = listed.isEmpty ? conflicts.problems(of: file, inOthers: true) : []
        return (listed + conflicts).sorted()
    }
}

extension Diagnostic {
    /// Whether it is about a file, alone or together with another.
    func isAbout(_ path: String) -> Bool {
        file.hasSameBytes(as: path) || otherFile?.hasSameBytes(as: path) == true
    }
}
