// SPDX-License-Identifier: Apache-2.0

/// What is found in one tenant's file beside the service-wide issuers.
struct TenantCheck {
    /// Nil if there are problems.
    let file: TenantFile?
    let problems: [Diagnostic]
    let warnings: [Diagnostic]
    /// The entries of `issuers` for which it is a problem already that a token could fit another entry too.
    let ambiguousEntries: [IssuerEntry]

    init(of file: RuleFile, _ service: ServiceWideIssuers) {
        let log = DiagnosticLog(file: file.path)
        let keyIssuers = service.check(file.draft, log: log)
        problems = file.problems + log.problems
        warnings = file.warnings + log.warnings
        self.file = problems.isEmpty ? TenantFile(file, keyIssuers: keyIssuers) : nil
        ambiguousEntries = file.ambiguousEntries + file.issuerEntries.filter { service.conflict(with: $0) != nil }
    }
}
