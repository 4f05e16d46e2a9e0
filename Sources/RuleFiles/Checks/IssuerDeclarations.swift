// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// One entry of `issuers`, of a tenant's file or of the service-wide file.
private struct Declaration {
    let issuer: Issuer
    /// For messages about another entry: `in acme.yaml:9`.
    let place: String
    /// The path of a tenant's file; nil for the service-wide file.
    let file: String?
    /// Where a problem with the entry is reported; nil for an entry of a file that has been checked.
    let report: ((_ message: String, _ advice: String, _ otherFile: String?) -> Void)?
}

extension [TenantDraft] {
    /// Reports entries of one issuer that one token could fit: in one file or in several, and in the service-wide file.
    func checkDeclarations(service: ServiceSettings?) {
        let file = service?.config ?? "the service's configuration"
        var declarations = DeclarationsByIssuer()
        for issuer in service?.issuers ?? [] {
            declarations.add(Declaration(issuer: issuer, place: "service-wide in \(file)", file: nil, report: nil))
        }
        for draft in self {
            for entry in draft.issuers { declarations.add(entry, log: draft.log) }
        }
    }
}

extension [IssuerDraft] {
    /// Reports entries of one issuer in the service-wide file that one token could fit.
    func checkDeclarations(log: DiagnosticLog) {
        var declarations = DeclarationsByIssuer()
        for entry in self { declarations.add(entry, log: log) }
    }
}

/// The declarations so far, so that a new one is compared only with those that a token could fit as well: tenants that share a
/// provider differ in the audience, and there may be a hundred thousand of them.
private struct DeclarationsByIssuer {
    private var exact: [ExactString: Group] = [:]
    private var templates: [Declaration] = []

    /// The declarations of one issuer.
    private struct Group {
        var all: [Declaration] = []
        /// By the claim that has the audience (nil if none is required): indices in ``all``.
        var byClaim: [ExactString?: [Int]] = [:]
        /// By claim and audience: indices in ``all``.
        var byAudience: [[ExactString]: [Int]] = [:]

        /// The declarations that do not differ from an issuer in the audience.
        func candidates(for issuer: Issuer) -> [Declaration] {
            let claim = issuer.audiences.isEmpty ? nil : ExactString(issuer.audienceClaim)
            var indices: [Int] = []
            for (other, found) in byClaim where other != claim || claim == nil { indices += found }
            if let claim {
                for audience in issuer.audiences { indices += byAudience[[claim, ExactString(audience)]] ?? [] }
            }
            return indices.sorted().map { all[$0] }
        }

        mutating func add(_ declaration: Declaration) {
            let issuer = declaration.issuer
            let claim = issuer.audiences.isEmpty ? nil : ExactString(issuer.audienceClaim)
            byClaim[claim, default: []].append(all.count)
            if let claim {
                for audience in issuer.audiences { byAudience[[claim, ExactString(audience)], default: []].append(all.count) }
            }
            all.append(declaration)
        }
    }

    mutating func add(_ entry: IssuerDraft, log: DiagnosticLog) {
        guard let issuer = entry.issuer else { return }
        add(
            Declaration(issuer: issuer, place: "in \(log.file):\(entry.position.line)", file: log.file) {
                message, advice, otherFile in
                log.problem(at: entry.position, message, advice, with: otherFile)
            })
    }

    mutating func add(_ declaration: Declaration) {
        let issuer = declaration.issuer
        let others = templates.filter { $0.issuer.pattern.overlaps(issuer.pattern) }
        if issuer.pattern.template == nil {
            let name = ExactString(issuer.identifier)
            compare(declaration, with: others + (exact[name]?.candidates(for: issuer) ?? []))
            exact[name, default: Group()].add(declaration)
        } else {
            let matching = exact.values.filter { $0.all.first.map { issuer.pattern.matches($0.issuer.identifier) } ?? false }
            compare(declaration, with: others + matching.flatMap(\.all))
            templates.append(declaration)
        }
    }

    /// Reports the first declaration that a token could fit as well.
    private func compare(_ declaration: Declaration, with others: [Declaration]) {
        guard let other = others.first(where: { !$0.issuer.excludes(declaration.issuer) }) else { return }
        declaration.report?(
            "a token of the issuer \(declaration.issuer.identifier.quoted) could fit this entry and the one \(other.place)",
            "let both require different values of audience, authorizedParties or one of claims, or declare the issuer once: for several tenants, service-wide with tenantClaim",
            other.file
        )
    }
}
