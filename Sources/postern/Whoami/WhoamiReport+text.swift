// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

extension WhoamiReport {
    /// For people.
    var text: String {
        var lines = ["It says of itself, unverified:"]
        lines += table(facts.facts.map { ($0.name, $0.value) })
        lines += ["", "The checks:"]
        for line in self.lines { lines.append("  \(Self.mark(line.verdict))  \(line.check)") }
        lines.append("")
        if let principal, isLetIn {
            lines.append("It would be let in as:")
            let scopes = principal.scopes.isEmpty ? nil : principal.scopes.joined(separator: " ")
            let rows =
                identity(principal) + [("scopes", scopes), ("rules", rules.isEmpty ? "none" : rules.joined(separator: " "))]
            lines += table(rows.map { ($0.name, $0.value?.printableASCII(maximumLength: 300) ?? "–") })
        } else {
            lines.append("It would not be let in: \(reason ?? "")")
            if let advice { lines.append(advice) }
        }
        return lines.joined(separator: "\n")
    }

    /// `{"letIn", "reason", "advice", "facts": {…}, "checks": [{"check", "verdict"}], "identity": {…} | null}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("letIn", isLetIn)
            json.member("reason", reason)
            json.member("advice", advice)
            json.object("facts") { json in
                for (name, value) in facts.facts { json.member(name, value) }
            }
            json.array("checks", of: lines) { json, line in
                json.object { json in
                    json.member("check", line.check)
                    json.member("verdict", line.verdict == .notReached ? "not reached" : line.verdict.rawValue)
                }
            }
            json.key("identity")
            if let principal {
                json.object { json in
                    for (name, value) in identity(principal) { json.member(name, value) }
                    json.member("scopes", principal.scopes)
                    json.member("rules", rules)
                }
            } else {
                json.null()
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func identity(_ principal: Principal) -> [(name: String, value: String?)] {
        var identity: [(name: String, value: String?)] = [("tenant", principal.tenant), ("user", principal.user)]
        switch principal.source {
        case .token(let issuer, let keyID): identity += [("issuer", issuer), ("keyId", keyID)]
        case .apiKey(let id, _, let users):
            identity.append(("apiKey", id))
            if let users { identity.append(("allowUsers", users.joined(separator: " "))) }
        }
        identity.append(("expiresAt", principal.expires?.rfc3339))
        return identity
    }

    private func table(_ rows: [(name: String, value: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" }
    }

    private static func mark(_ verdict: AuthenticationReport.Verdict) -> String {
        switch verdict {
        case .passed: "passed     "
        case .failed: "FAILED     "
        case .notReached: "not reached"
        }
    }
}
