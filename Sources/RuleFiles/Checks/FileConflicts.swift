// SPDX-License-Identifier: Apache-2.0

/// The files of one folder, and what no two of them may have in common: a token that fits issuers of both, a value of a tenant claim,
/// prefixes in one bucket of which one begins with the other.
///
/// Adding, removing and checking one file takes about as long among 100,000 as among few.
struct FileConflicts: Sendable {
    private var declarations = IssuerDeclarations()
    private var aliases = TenantAliases()
    private var buckets = SharedBuckets()

    mutating func add(_ files: [RuleFile]) {
        for file in files {
            for entry in file.issuerEntries { declarations.add(entry) }
            aliases.add(file)
        }
        buckets.add(files)
    }

    mutating func remove(_ file: RuleFile) {
        for entry in file.issuerEntries { declarations.remove(entry) }
        aliases.remove(file)
        buckets.remove(file)
    }

    /// Returns what a file has in common with others, in the words of `check`. Each is a problem of the file that comes last by its
    /// name; the other one is its ``Diagnostic/otherFile``.
    ///
    /// - Parameters:
    ///   - file: one of the files
    ///   - inOthers: Whether to return also problems that are in the other file. Without these, the problems of all files are all
    ///     problems, each once.
    ///   - isReported: Whether it is known already that a token of an entry could fit another one; then that is not said again.
    func problems(
        of file: RuleFile, inOthers: Bool, unless isReported: (IssuerEntry) -> Bool = { _ in false }
    ) -> [Diagnostic] {
        let issuers = file.issuerEntries.compactMap { entry -> Diagnostic? in
            guard let other = declarations.firstConflict(of: entry, where: { $0.tenant != entry.tenant }), !isReported(entry)
            else { return nil }
            if other.precedes(entry) { return entry.conflict(with: other) }
            return inOthers ? other.conflict(with: entry) : nil
        }
        return issuers + aliases.problems(of: file, inOthers: inOthers) + buckets.problems(of: file, inOthers: inOthers)
    }

    /// The ids of all tenants whose files have something in common with a file.
    func tenants(inConflictWith file: RuleFile) -> Set<String> {
        var tenants: Set<String> = []
        for entry in file.issuerEntries {
            declarations.forEachConflict(of: entry) { other in
                if let tenant = other.tenant { tenants.insert(tenant) }
            }
        }
        aliases.forEachConflict(of: file) { tenants.insert($0.id) }
        buckets.forEachConflict(of: file) { tenants.insert($0.id) }
        return tenants
    }
}
