// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What `postern credentials` prints.
struct CredentialReport {
    let findings: [CredentialFinding]

    /// For people: a paragraph a source.
    var text: String {
        findings.map(paragraph).joined(separator: "\n\n")
    }

    private func paragraph(_ finding: CredentialFinding) -> String {
        var head = "\(finding.source.origin)"
        if !finding.source.tenants.isEmpty { head += " (signs for \(finding.source.tenants.joined(separator: ", ")))" }
        var rows: [(name: String, value: String)] = finding.trace.map { ("asked", "\($0.provider): \($0.outcome)") }
        if let problem = finding.problem { rows.append(("PROBLEM", problem)) }
        if let provider = finding.provider { rows.append(("provider", provider)) }
        if let key = finding.accessKeyID { rows.append(("access key id", key + (finding.isTemporary ? " (temporary)" : ""))) }
        if finding.provider != nil { rows.append(("end", end(finding))) }
        if let identity = finding.identity {
            rows += [("identity", identity.arn), ("account", identity.account), ("user id", identity.userID)]
        }
        if let problem = finding.identityProblem { rows.append(("identity", "not known: \(problem)")) }
        let width = rows.map(\.name.count).max() ?? 0
        return ([head] + rows.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" })
            .joined(separator: "\n")
    }

    private func end(_ finding: CredentialFinding) -> String {
        guard let end = finding.expiration else {
            return finding.isTemporary ? "not told by the provider" : "none: these are long-term credentials"
        }
        let minutes = Int(end.timeIntervalSinceNow / 60)
        return "\(end.rfc3339) (in \(minutes) min)"
    }

    /// `{"ok", "sources": [{"source", "tenants", "provider", "accessKeyId", "temporary", "expiresAt", "identity", "identityProblem",
    /// "problem", "asked": [{"provider", "outcome"}]}]}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", findings.allSatisfy { $0.problem == nil })
            json.array("sources", of: findings) { write($1, to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func write(_ finding: CredentialFinding, to json: inout JSONWriter) {
        json.object { json in
            json.member("source", finding.source.origin.description)
            json.member("tenants", finding.source.tenants)
            json.member("provider", finding.provider)
            json.member("accessKeyId", finding.accessKeyID)
            json.member("temporary", finding.isTemporary)
            json.member("expiresAt", finding.expiration?.rfc3339)
            json.key("identity")
            if let identity = finding.identity {
                json.object { json in
                    json.member("account", identity.account)
                    json.member("arn", identity.arn)
                    json.member("userId", identity.userID)
                }
            } else {
                json.null()
            }
            json.member("identityProblem", finding.identityProblem)
            json.member("problem", finding.problem)
            json.array("asked", of: finding.trace) { json, step in
                json.object { json in
                    json.member("provider", step.provider)
                    json.member("outcome", step.outcome)
                }
            }
        }
    }
}
