// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// The service-wide issuers, against which each tenant's file is checked.
struct ServiceWideIssuers: Sendable {
    /// Whether they are known: `check` without `--config` does not know them.
    let isKnown: Bool
    let all: [Issuer]
    /// Sorted.
    private let names: [String]
    private let entries: [IssuerEntry]
    private var declarations = IssuerDeclarations()

    /// - Parameter service: nil if the service-wide file is not known
    init(_ service: ServiceSettings?) {
        self.init(service?.issuerEntries ?? [], isKnown: service != nil)
    }

    private init(_ entries: [IssuerEntry], isKnown: Bool) {
        self.isKnown = isKnown
        self.entries = entries
        all = entries.map(\.issuer)
        names = Set(all.compactMap(\.name)).sorted()
        for entry in entries { declarations.add(entry) }
    }

    /// Returns these issuers and those earlier ones whose `iss` and whose name are gone.
    func adding(removedFrom earlier: ServiceWideIssuers) -> ServiceWideIssuers {
        let removed = earlier.entries.filter { old in
            !all.contains {
                $0.pattern.text.hasSameBytes(as: old.issuer.pattern.text) || ($0.name != nil && $0.name == old.issuer.name)
            }
        }
        return ServiceWideIssuers(entries + removed, isKnown: isKnown)
    }

    /// The first service-wide issuer that a token of a tenant's issuer could fit as well.
    func conflict(with entry: IssuerEntry) -> IssuerEntry? {
        declarations.firstConflict(of: entry) { _ in true }
    }

    /// Checks what a tenant's file says of issuers, and what depends on the service-wide ones.
    /// - Returns: whose users its API keys name
    func check(_ draft: TenantDraft, log: DiagnosticLog) -> KeyIssuers {
        if !all.isEmpty {
            for entry in draft.issuers.compactMap(\.entry) {
                if let other = conflict(with: entry) { log.add(entry.conflict(with: other)) }
            }
        }
        for alias in draft.aliases {
            if let name = alias.value.issuer { check(name, at: alias.position, log: log) }
        }
        if let named = draft.serviceIssuers, case .named(let names) = named.value {
            for name in names { check(name, at: named.position, log: log) }
        }
        if let first = draft.aliases.first, draft.acceptedServiceIssuers == .none {
            log.warning(
                at: first.position,
                "aliases have no effect: no service-wide issuer counts for this tenant, which has issuers of its own",
                "write serviceIssuers: true, or remove aliases")
        }
        let issuers = TenantIssuers(of: draft, service: self, log: log)
        if draft.tenant != nil, draft.apiKeys.isEmpty, issuers.all.isEmpty {
            log.warning(
                at: .start,
                "no client can get tickets for this tenant: it has no issuer and no API key",
                "write issuers or apiKeys under auth, or declare a service-wide issuer"
                    + (isKnown ? "" : ", and check with --config FILE"))
        }
        return issuers.check()
    }

    /// Reports the name of an issuer that does not exist.
    private func check(_ name: String, at position: YAMLPosition, log: DiagnosticLog) {
        guard isKnown, !names.contains(name) else { return }
        log.problem(
            at: position,
            ValueError(
                "no service-wide issuer is named \(name.quoted)",
                suggesting: .init(for: name, in: names),
                else: names.isEmpty
                    ? "write name: \(name) in an entry of issuers in the service-wide file"
                    : "write one of \(names.joined(separator: ", "))"))
    }
}
