// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
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
        var json = JSONWriter()
        json.beginObject()
        json.key("ok")
        json.bool(findings.allSatisfy { $0.problem == nil })
        json.key("sources")
        json.beginArray()
        for finding in findings { write(finding, to: &json) }
        json.endArray()
        json.endObject()
        return String(decoding: json.finish(), as: UTF8.self)
    }

    private func write(_ finding: CredentialFinding, to json: inout JSONWriter) {
        json.beginObject()
        json.member("source", finding.source.origin.description)
        json.key("tenants")
        json.beginArray()
        for tenant in finding.source.tenants { json.string(tenant) }
        json.endArray()
        write(finding.provider, as: "provider", to: &json)
        write(finding.accessKeyID, as: "accessKeyId", to: &json)
        json.key("temporary")
        json.bool(finding.isTemporary)
        write(finding.expiration?.rfc3339, as: "expiresAt", to: &json)
        json.key("identity")
        if let identity = finding.identity {
            json.beginObject()
            json.member("account", identity.account)
            json.member("arn", identity.arn)
            json.member("userId", identity.userID)
            json.endObject()
        } else {
            json.null()
        }
        write(finding.identityProblem, as: "identityProblem", to: &json)
        write(finding.problem, as: "problem", to: &json)
        json.key("asked")
        json.beginArray()
        for step in finding.trace {
            json.beginObject()
            json.member("provider", step.provider)
            json.member("outcome", step.outcome)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private func write(_ text: String?, as name: String, to json: inout JSONWriter) {
        json.key(name)
        if let text { json.string(text) } else { json.null() }
    }
}
