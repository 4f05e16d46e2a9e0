// SPDX-License-Identifier: Apache-2.0

/// What is found in one tenant's file beside the service-wide issuers.
struct TenantCheck {
    /// Nil if there are problems.
    var file: TenantFile? { problems.isEmpty ? fileInForce : nil }
    /// The file for a content that is in force already, whatever has become a problem of it since; nil if it has problems by itself.
    let fileInForce: TenantFile?
    let problems: [Diagnostic]
    let warnings: [Diagnostic]
    /// The entries of `issuers` for which it is a problem already that a token could fit another entry too.
    let ambiguousEntries: [IssuerEntry]

    init(of file: RuleFile, _ service: ServiceWideIssuers) {
        let log = DiagnosticLog(file: file.path)
        let keyIssuers = service.check(file.draft, log: log)
        problems = file.problems + log.problems
        warnings = log.warnings.isEmpty ? file.warnings : file.warnings + log.warnings
        fileInForce = TenantFile(file, keyIssuers: keyIssuers, warnings: warnings)
        ambiguousEntries = file.ambiguousEntries + file.issuerEntries.filter { service.conflict(with: $0) != nil }
    }
}
