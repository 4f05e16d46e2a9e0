// SPDX-License-Identifier: Apache-2.0

/// Reads a folder of tenant files into a rule book, or lists everything that is wrong.
package enum RuleLoader {
    /// The result of a load.
    package struct Outcome: Sendable {
        /// The book, or every problem of every file, sorted by file, line and column.
        package let result: Result<RuleBook, RuleFilesError>
        /// Warnings of every file, and of the service-wide one, sorted alike.
        package let warnings: [Diagnostic]
    }

    /// Loads every `<tenant>.yaml` of a folder.
    ///
    /// Ignores folders, files that are not YAML, and names that begin with a dot (such as Kubernetes' `..data`).
    ///
    /// - Parameters:
    ///   - folder: The folder of tenant files.
    ///   - generation: The number of this load in the process.
    ///   - service: The service's settings, whose issuers no tenant may declare again.
    ///   - files: Access to the file system.
    package static func load(
        folder: String,
        generation: Int,
        service: ServiceSettings? = nil,
        files: RuleFileSystem = .local
    ) -> Outcome {
        let folderLog = DiagnosticLog(file: folder)
        let names = tenantFiles(in: folder, files: files, log: folderLog)
        var drafts: [TenantDraft] = []
        var digest = ContentDigest()
        for name in names {
            let id = String(name.dropLast(suffix.count))
            let log = DiagnosticLog(file: FilePath.join(folder, name))
            var draft = TenantDraft(id: id, log: log)
            if !Identifier.isValid(id) {
                log.problem("the file's name is not a tenant's id", "name it <tenant>.yaml, with 1 to 63 of a-z, 0-9 and “-”")
            }
            if let file = files.readYAML(log.file, log: log) {
                digest.add(name: name, bytes: file.bytes)
                if let root = file.root { draft = TenantReader(id: id, folder: folder, log: log).read(root) }
            }
            drafts.append(draft)
        }
        drafts.checkDeclarations(service: service)
        drafts.checkAliases(service: service)
        drafts.checkIssuers(service: service)
        drafts.checkSharedBuckets()
        warnOfUnreachable(drafts, service: service)

        let logs = [folderLog] + drafts.map(\.log)
        let warnings = sorted(logs.flatMap(\.warnings) + (service?.warnings ?? []))
        let problems = sorted(logs.flatMap(\.problems))
        let files = drafts.compactMap(\.file)
        guard problems.isEmpty, files.count == drafts.count else {
            return Outcome(result: .failure(RuleFilesError(problems: problems)), warnings: warnings)
        }
        let book = RuleBook(files: files, generation: generation, digest: digest.hex())
        return Outcome(result: .success(book), warnings: warnings)
    }

    static let suffix = ".yaml"

    private static func tenantFiles(in folder: String, files: RuleFileSystem, log: DiagnosticLog) -> [String] {
        let entries: [RuleFileSystem.Entry]
        do throws(RuleFileSystem.Failure) {
            entries = try files.list(folder)
        } catch {
            log.problem("the folder of rule files cannot be read: \(error.reason)", "check its path and permissions")
            return []
        }
        var names: [String] = []
        for entry in entries where !entry.isFolder && entry.name.utf8.first != UInt8(ascii: ".") {
            let lowercased = entry.name.lowercased()
            if entry.name.hasSuffix(suffix) {
                names.append(entry.name)
            } else if lowercased.hasSuffix(".yml") || lowercased.hasSuffix(suffix) {
                let stem = entry.name.prefix { $0 != "." }
                log.problem(
                    "the name of a rule file must end in .yaml", "rename it to \(stem).yaml",
                    file: FilePath.join(folder, entry.name))
            }
        }
        if names.isEmpty, log.problems.isEmpty {
            log.problem("there are no rule files in this folder", "add one named <tenant>.yaml, such as acme.yaml")
        }
        return Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func warnOfUnreachable(_ drafts: [TenantDraft], service: ServiceSettings?) {
        for draft in drafts {
            guard draft.file?.apiKeys.isEmpty ?? false, TenantIssuers(of: draft, service: service).all.isEmpty else { continue }
            draft.log.warning(
                at: .start,
                "no client can get tickets for this tenant: it has no issuer and no API key",
                "write issuers or apiKeys under auth, or declare a service-wide issuer"
                    + (service == nil ? ", and check with --config FILE" : "")
            )
        }
    }

    static func sorted(_ problems: [Diagnostic]) -> [Diagnostic] {
        problems.sorted { left, right in
            if left.file != right.file { return left.file.utf8.lexicographicallyPrecedes(right.file.utf8) }
            return (left.line, left.column, left.message) < (right.line, right.column, right.message)
        }
    }
}
