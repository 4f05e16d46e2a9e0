// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

extension [TenantDraft] {
    /// Reports aliases that could be of two tenants, and names of service-wide issuers that do not exist.
    func checkAliases(service: ServiceSettings?) {
        let ids = Dictionary(map { (ExactString($0.id), $0) }) { first, _ in first }
        var known: [ExactString: [(alias: TenantAlias, draft: TenantDraft, line: Int)]] = [:]
        for draft in self {
            for located in draft.aliases {
                let alias = located.value
                if let other = ids[alias.value], other.id != draft.id {
                    draft.log.problem(
                        at: located.position,
                        "the alias \(alias.value.text.quoted) is the id of another tenant (\(other.log.file))",
                        "remove it: a token that names that tenant must not be for this one",
                        with: other.log.file)
                }
                let other = known[alias.value]?.first { other in
                    other.draft.id != draft.id
                        && (other.alias.issuer == nil || alias.issuer == nil || other.alias.issuer == alias.issuer)
                }
                if let other {
                    draft.log.problem(
                        at: located.position,
                        "the alias \(alias.value.text.quoted) is of the tenant \(other.draft.id.quoted) too (\(other.draft.log.file):\(other.line))",
                        "remove one of them: each value of a tenant claim is of one tenant",
                        with: other.draft.log.file)
                }
                known[alias.value, default: []].append((alias, draft, located.position.line))
                if let name = alias.issuer { draft.checkServiceIssuer(name, at: located.position, service: service) }
            }
            if let named = draft.serviceIssuers, case .named(let names) = named.value {
                for name in names { draft.checkServiceIssuer(name, at: named.position, service: service) }
            }
            if let first = draft.aliases.first, draft.acceptedServiceIssuers == .none {
                draft.log.warning(
                    at: first.position,
                    "aliases have no effect: no service-wide issuer counts for this tenant, which has issuers of its own",
                    "write serviceIssuers: true, or remove aliases")
            }
        }
    }
}

extension TenantDraft {
    fileprivate func checkServiceIssuer(_ name: String, at position: YAMLPosition, service: ServiceSettings?) {
        // `check` without --config does not know the service-wide issuers.
        guard let service else { return }
        let names = Set(service.issuers.compactMap(\.name)).sorted()
        guard !names.contains(name) else { return }
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
