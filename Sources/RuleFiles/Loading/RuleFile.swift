// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// A file of the folder of rule files as it was read once, and what it says.
final class RuleFile: Sendable {
    /// Equal contents are read alike.
    enum Content: Sendable, Hashable {
        /// The SHA-256 of the content. Of a file that is too long, of its beginning.
        case read(SHA256Digest)
        /// It was not read, for this reason.
        case unread(String)
    }

    /// The path of the file, as it was opened.
    let path: String
    let content: Content
    let draft: TenantDraft
    /// What is wrong with it, whatever other files say; sorted.
    let problems: [Diagnostic]
    /// Sorted.
    let warnings: [Diagnostic]
    /// The entries of `issuers` for which it is a problem that a token could fit an earlier one of the file too.
    let ambiguousEntries: [IssuerEntry]

    /// The tenant's id, by the name of the file.
    var id: String { draft.id }
    /// The entries of `issuers` that have no problem.
    var issuerEntries: [IssuerEntry] { draft.issuers.compactMap(\.entry) }

    /// Reads the content of a file.
    /// - Parameters:
    ///   - folder: where the file is; relative paths in it are relative to this
    ///   - digest: of the content
    convenience init(_ name: String, in folder: String, bytes: [UInt8], digest: SHA256Digest) {
        self.init(name, in: folder, keysIn: folder, bytes: bytes, digest: digest) { _ in }
    }

    /// Reads the content of a file.
    /// - Parameters:
    ///   - folder: where the file is
    ///   - keyFolder: relative paths in the file are relative to this
    ///   - digest: of the content
    ///   - use: called with what the file says
    init(
        _ name: String, in folder: String, keysIn keyFolder: String, bytes: [UInt8], digest: SHA256Digest, use: (YAMLNode) -> Void
    ) {
        path = FilePath.join(folder, name)
        content = .read(digest)
        let id = RuleFileName.tenant(of: name)
        let log = DiagnosticLog(file: path)
        Self.check(id, log: log)
        if let root = YAMLReader.read(bytes, log: log) {
            use(root)
            draft = TenantReader(id: id, folder: keyFolder, log: log).read(root)
            ambiguousEntries = draft.issuers.checkDeclarations(log: log)
        } else {
            draft = TenantDraft(id: id)
            ambiguousEntries = []
        }
        problems = log.problems.sorted()
        warnings = log.warnings.sorted()
    }

    /// A file that is not read.
    init(_ name: String, in folder: String, unread reason: String, advice: String) {
        path = FilePath.join(folder, name)
        content = .unread(reason)
        let id = RuleFileName.tenant(of: name)
        let log = DiagnosticLog(file: path)
        if RuleFileName.isRight(name) { Self.check(id, log: log) }
        log.problem(reason, advice)
        draft = TenantDraft(id: id)
        problems = log.problems.sorted()
        (warnings, ambiguousEntries) = ([], [])
    }

    private static func check(_ id: String, log: DiagnosticLog) {
        guard !Identifier.isValid(id) else { return }
        log.problem("the file's name is not a tenant's id", "name it <tenant>.yaml, with 1 to 63 of a-z, 0-9 and “-”")
    }

    /// Whether the file comes first by its name.
    func precedes(_ other: RuleFile) -> Bool {
        path.bytesPrecede(other.path)
    }
}
