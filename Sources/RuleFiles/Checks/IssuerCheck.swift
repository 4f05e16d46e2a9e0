// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// Across files: a token's `iss` leads to one tenant, or to the service-wide issuers, never to two.
enum IssuerCheck {
    static func check(_ drafts: [TenantDraft], service: ServiceSettings?) {
        var owners: [ExactString: String] = [:]
        for issuer in service?.issuers ?? [] {
            owners[ExactString(issuer.identifier)] = "service-wide in \(service?.config ?? "the service's configuration")"
        }
        for draft in drafts {
            var own: Set<ExactString> = []
            for issuer in draft.issuers {
                let name = ExactString(issuer.value)
                // Twice in one file has been reported there.
                guard own.insert(name).inserted else { continue }
                if let owner = owners[name] {
                    draft.log.problem(
                        at: issuer.position,
                        "the issuer \(issuer.value.quoted) is declared \(owner) too",
                        "keep one: a service-wide issuer with tenantClaim serves several tenants"
                    )
                } else {
                    owners[name] = "in \(draft.log.file):\(issuer.position.line)"
                }
            }
        }
    }
}
