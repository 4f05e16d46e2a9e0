// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import UploadRules
import WireFormats

/// The problems and warnings of a folder of rule files, or of one of its files; for `postern check`.
package struct RuleFileCheck: Sendable {
    /// The tenants whose files are right; empty if there are problems.
    package let tenants: [String]
    package let problems: [Diagnostic]
    package let warnings: [Diagnostic]
    /// Whether a whole folder was checked.
    package let isFolder: Bool
    /// Of one file: its folder, if other files there have problems.
    package let folderWithProblems: String?

    /// Reads a folder as `serve` would, or one of its files.
    ///
    /// For a file, the whole folder is read, since some checks compare files. The result has the problems that are in the file,
    /// or between it and another one.
    ///
    /// - Parameters:
    ///   - path: A folder, or a file in one. A symbolic link to a file counts as a file of the folder that the link is in.
    ///   - service: The service's settings; nil if they are not known.
    ///   - files: Access to the file system.
    package init(_ path: String, service: ServiceSettings?, files: RuleFileSystem = .local) {
        guard let file = RuleFilePath(path, files: files) else {
            let outcome = RuleLoader.load(folder: path, service: service, files: files)
            warnings = outcome.warnings
            (isFolder, folderWithProblems) = (true, nil)
            switch outcome.result {
            case .success(let book): (tenants, problems) = (book.tenants.map(\.id), [])
            case .failure(let error): (tenants, problems) = ([], error.problems)
            }
            return
        }
        isFolder = false
        if let problem = file.problem {
            (tenants, problems, warnings, folderWithProblems) = ([], [problem], [], nil)
            return
        }
        let check = FolderCheck(file.folder, service: service, files: files)
        // A problem of the folder itself, such as that it cannot be listed, is one of every file.
        let ofFolder = check.problems.filter { $0.file.hasSameBytes(as: file.folder) }
        let own = check.all.first { $0.path.hasSameBytes(as: file.path) }.map(check.problems) ?? []
        let found = ofFolder + own
        problems = found
        warnings = check.warnings.filter { $0.isAbout(file.path) }
        tenants = found.isEmpty ? [file.tenant] : []
        folderWithProblems = check.problems.contains { !found.contains($0) } ? file.folder : nil
    }
}

/// A path that names a file and not a folder.
private struct RuleFilePath {
    /// `.` for a name without folders.
    let folder: String
    let name: String
    /// Why the loader does not read it, if it does not and does not say so.
    let problem: Diagnostic?

    /// As the loader writes it.
    var path: String { FilePath.join(folder, name) }

    var tenant: String { RuleFileName.tenant(of: name) }

    /// Returns nil if the path is a folder, or if nothing can be read there; then the loader says why.
    init?(_ path: String, files: RuleFileSystem) {
        let folder = FilePath.folder(of: path)
        self.folder = folder.isEmpty ? "." : folder
        name = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
        let isHidden = name.utf8.first == UInt8(ascii: ".")
        let isNamedAsRuleFile = RuleFileName.hasEnding(name.utf8)
        func problem(_ message: String, _ advice: String) -> Diagnostic {
            Diagnostic(file: path, line: 0, column: 0, message: message, advice: advice)
        }
        if files.stamp(path).kind == .folder { return nil }
        do throws(RuleFileSystem.Failure) {
            _ = try files.read(path, 1)
        } catch {
            guard isNamedAsRuleFile else { return nil }
            self.problem = problem("the file cannot be read: \(error.reason)", "check its path and permissions")
            return
        }
        if isHidden {
            self.problem = problem("files whose names begin with a dot are not read", "name it <tenant>.yaml")
        } else if !isNamedAsRuleFile {
            self.problem = problem(
                "the name of a rule file must end in .yaml", "give a file named <tenant>.yaml, or a folder of such files")
        } else {
            self.problem = nil
        }
    }
}
