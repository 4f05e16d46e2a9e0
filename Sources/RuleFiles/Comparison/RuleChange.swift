// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// One difference between two sets of rules.
package struct RuleChange: Sendable {
    /// Nil for the service-wide file.
    package let tenant: String?
    /// Nil if it is not about one rule.
    package let rule: String?
    /// The key: `maxSize`, `store.bucket`, `auth.issuers[staff].audience`. Keys of rules are without the rule.
    package let key: String
    package let kind: Kind
    /// The old value for people; nil if the key is that of something that was added or removed.
    package let old: String?
    /// The new value for people; nil if the key is that of something that was added or removed.
    package let new: String?
    /// The path of the file that has the new value, or the old one if it was removed.
    package let file: String
    /// Of the key, from 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// Whether it lets something through that was not let through before, or may do so.
    package let widens: Bool
    /// A request that the new rules take and the old ones do not; nil if the change does not widen access, or none was found.
    package let witness: Witness?
    /// More about the change, as a sentence without its end; empty if there is nothing to say.
    package let remark: String

    package enum Kind: String, Sendable {
        /// A tenant, a rule, an issuer, an API key or a store that was not there.
        case added
        case removed
        /// The value of a key.
        case changed
        /// What several keys decide together.
        case effect
    }

    init(
        tenant: String?, rule: String? = nil, key: String, _ kind: Kind, _ values: (old: String, new: String)? = nil,
        file: String,
        at position: YAMLPosition, widens: Bool, witness: Witness? = nil, remark: String = ""
    ) {
        self.tenant = tenant
        self.rule = rule
        self.key = key
        self.kind = kind
        old = values?.old
        new = values?.new
        self.file = file
        (line, column) = (position.line, position.column)
        self.widens = widens
        self.witness = witness
        self.remark = remark
    }

    /// One line, or several with a witness: `acme, rule avatars: maxSize 5MiB → 10MiB (new/acme.yaml:12:5): widens access`.
    package var text: String {
        var text = (tenant ?? "service-wide") + (rule.map { ", rule \($0)" } ?? "") + ": "
        switch kind {
        case .changed: text += "\(key) \(old ?? "") → \(new ?? "")"
        case .added, .removed: text += "\(key) \(kind.rawValue)"
        case .effect: text += key
        }
        text += " (\(file):\(line):\(column))"
        if !remark.isEmpty { text += ": \(remark)" }
        guard widens else { return text.printable() }
        text += ": widens access"
        guard let witness else { return "\(text); no request was found that shows it".printable() }
        let lines = [text, "    \(witness.probe.text)", "    before: \(witness.old)", "    now: \(witness.new)"]
        return lines.map { $0.printable() }.joined(separator: "\n")
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("tenant", tenant)
            json.member("rule", rule)
            json.member("key", key)
            json.member("change", kind.rawValue)
            json.member("old", old)
            json.member("new", new)
            json.member("file", file)
            json.member("line", line)
            json.member("column", column)
            json.member("widens", widens)
            json.member("remark", remark.isEmpty ? nil : remark)
            json.key("witness")
            if let witness { witness.write(to: &json) } else { json.null() }
        }
    }
}

/// A request that shows that access is widened: both sets of rules have been asked.
package struct Witness: Sendable {
    package let probe: Probe
    /// The answer of the old rules.
    package let old: String
    /// The answer of the new rules.
    package let new: String

    /// Asks both; nil if the new rules do not allow more.
    init?(_ probe: Probe, old: RuleJudge, new: RuleJudge) {
        let verdict = new.verdict(on: probe)
        guard case .granted(_, let grant) = verdict else { return nil }
        let before = old.verdict(on: probe)
        guard verdict.exceeds(before) else { return nil }
        self.probe = probe
        switch before {
        case .refused(let reason):
            self.old = Self.cut("refused: \(reason)")
            self.new = Self.cut("a ticket of the rule \(grant.rule)")
        case .granted(_, let other):
            self.old = Self.cut("a ticket of the rule \(other.rule)")
            let excess = grant.excess(over: other)
            self.new = Self.cut("a ticket for " + (excess.isEmpty ? "another tenant" : excess.joined(separator: "; ")))
        }
    }

    private static func cut(_ text: String) -> String {
        text.unicodeScalars.count > 500 ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(500))) + "…" : text
    }

    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            probe.writeMembers(to: &json)
            json.member("old", old)
            json.member("new", new)
        }
    }
}
