// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What `postern doctor` prints.
package struct DoctorReport: Sendable {
    private let tenant: String
    private let findings: [Finding]

    package init(tenant: String, findings: [Finding]) {
        self.tenant = tenant
        self.findings = findings
    }

    /// Whether nothing is wrong.
    package var isFine: Bool { !findings.contains { $0.verdict == .wrong } }

    // MARK: JSON

    /// `{"ok", "tenant", "findings": [{"scope", "name", "check", "subject", "verdict", "text", "advice", "action"}]}`
    package var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", isFine)
            json.member("tenant", tenant)
            json.array("findings", of: findings) { json, finding in
                json.object { json in
                    json.member("scope", finding.scope.kind)
                    json.member("name", finding.scope.name)
                    json.member("check", finding.check.rawValue)
                    json.member("subject", finding.subject)
                    json.member("verdict", finding.verdict.rawValue)
                    json.member("text", finding.text)
                    json.member("advice", finding.advice)
                    json.member("action", finding.action)
                }
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    // MARK: Text

    /// A paragraph for each store and rule, and a summary.
    package var text: String {
        var lines: [String] = []
        var scopes: [Finding.Scope] = []
        for finding in findings where !scopes.contains(finding.scope) { scopes.append(finding.scope) }
        for scope in scopes {
            if !lines.isEmpty { lines.append("") }
            lines.append(scope.heading)
            lines += self.lines(of: findings.filter { $0.scope == scope })
        }
        return (lines + [""] + summary).map { $0.printable() }.joined(separator: "\n")
    }

    /// What is fine of one kind is on one line.
    private func lines(of findings: [Finding]) -> [String] {
        var lines: [String] = []
        var summarised: Set<Finding.Check> = []
        for finding in findings {
            let subjects = findings.filter { $0.check == finding.check && $0.verdict == .ok }.compactMap(\.subject)
            if finding.verdict == .ok, subjects.count > 1 {
                guard summarised.insert(finding.check).inserted else { continue }
                lines.append(line(.ok, "\(finding.check.title): \(subjects.joined(separator: ", "))"))
                continue
            }
            let title = [finding.check.title, finding.subject].compactMap(\.self).joined(separator: " ")
            lines.append(line(finding.verdict, "\(title): \(finding.text)"))
            guard let advice = finding.advice?.split(separator: "\n") else { continue }
            lines.append("             mend: \(advice[0])")
            lines += advice.dropFirst().map { "               \($0)" }
        }
        return lines
    }

    private func line(_ verdict: Finding.Verdict, _ text: String) -> String {
        let mark =
            switch verdict {
            case .ok: "ok       "
            case .note: "note     "
            case .wrong: "WRONG    "
            case .notKnown: "not known"
            }
        return "  \(mark)  \(text)"
    }

    private var summary: [String] {
        func count(_ verdict: Finding.Verdict) -> Int { findings.count { $0.verdict == verdict } }
        var lines = [
            "\(count(.wrong)) wrong, \(count(.note)) to note, \(count(.notKnown)) not known, \(count(.ok)) ok"
        ]
        for finding in findings where finding.verdict == .wrong {
            let title = [finding.check.title, finding.subject].compactMap(\.self).joined(separator: " ")
            lines.append("WRONG: \(finding.scope.title), \(title)")
        }
        var actions: [String] = []
        for action in findings.compactMap(\.action) where !actions.contains(action) { actions.append(action) }
        if !actions.isEmpty {
            lines.append(
                "To see the rest, give --reader-profile with a profile of the shared AWS files that has the rights \(actions.joined(separator: ", "));"
                    + " the signer needs none of them.")
        }
        return lines
    }
}

extension Finding.Scope {
    fileprivate var kind: String {
        switch self {
        case .files: "files"
        case .store: "store"
        case .rule: "rule"
        }
    }

    fileprivate var name: String {
        switch self {
        case .files: "rule files"
        case .store(let name, _): name
        case .rule(let name): name
        }
    }

    fileprivate var title: String {
        switch self {
        case .files: "rule files"
        // The store without a name.
        case .store("store", _): "store"
        case .store(let name, _): "store \(name)"
        case .rule(let name): "rule \(name)"
        }
    }

    fileprivate var heading: String {
        if case .store(_, let place) = self { "\(title): \(place)" } else { title }
    }
}

extension Finding.Check {
    fileprivate var title: String {
        switch self {
        case .files: "files"
        case .credentials: "credentials"
        case .connection: "connection"
        case .clock: "clock"
        case .bucket: "bucket"
        case .region: "region"
        case .store: "store"
        case .versioning: "versioning"
        case .objectLock: "Object Lock"
        case .acls: "ACLs"
        case .preflight: "CORS preflight"
        case .upload: "upload"
        case .exposes: "CORS of the answer"
        case .keeps: "keeps"
        case .readers: "readers"
        case .refuses: "refuses"
        case .removes: "cleaning up"
        }
    }
}
