// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import UserAuth

/// What `postern whoami` found out.
struct WhoamiReport {
    /// One check with its verdict.
    struct Line {
        let check: String
        let verdict: AuthenticationReport.Verdict
    }

    let facts: UnverifiedClaims
    let lines: [Line]
    /// Who it would be; nil where it would not be let in.
    let principal: Principal?
    /// The rules that it may use.
    let rules: [String]
    /// Why it would not be let in, as `/metrics` and the log name it.
    let reason: String?
    /// What to do about it.
    let advice: String?

    var isLetIn: Bool { reason == nil }

    init(facts: UnverifiedClaims, judgement: AuthenticationReport, identities: AuthenticationSetup) {
        self.facts = facts
        var lines = judgement.steps.map { Line(check: $0.check.rawValue, verdict: $0.verdict) }
        let tenantCheck = "the tenant is set up here"
        switch judgement.outcome {
        case .failure(let failure):
            principal = nil
            rules = []
            reason = failure.reason
            advice = WhoamiAdvice(identities: identities, issuer: facts.issuer).text(for: failure)
            lines.append(Line(check: tenantCheck, verdict: .notReached))
        case .success(let principal):
            self.principal = principal
            let tenant = identities.book.tenant(principal.tenant)
            lines.append(Line(check: tenantCheck, verdict: tenant == nil ? .failed : .passed))
            rules = tenant.map { principal.usableRules(of: $0).map(\.name) } ?? []
            reason = tenant == nil ? "tenant-unknown" : nil
            advice =
                tenant == nil
                ? "Write \(principal.tenant).yaml in the folder of rule files, or mend the token's tenant claim." : nil
        }
        self.lines = lines
    }
}
