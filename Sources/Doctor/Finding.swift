// SPDX-License-Identifier: Apache-2.0

/// What was found out about one thing that a ticket depends on.
package struct Finding: Sendable, Hashable {
    /// The raw values are the words of the report in JSON.
    package enum Verdict: String, Sendable {
        case ok
        /// Nothing that prevents uploads or lets a client do what the rule forbids, but worth knowing.
        case note
        case wrong
        /// It could not be found out.
        case notKnown = "not-known"
    }

    /// What was looked at. The raw values are the words of the report in JSON.
    package enum Check: String, Sendable, CaseIterable {
        case files
        case credentials
        case connection
        case clock
        case bucket
        case region
        case store
        case versioning
        case objectLock = "object-lock"
        case acls
        case preflight
        case upload
        case exposes
        case keeps
        case readers
        case refuses
        case removes
    }

    /// What the finding is about.
    package enum Scope: Sendable, Hashable {
        case files
        /// A store of the tenant: its name, `store` for the unnamed one, and where it is.
        case store(name: String, place: String)
        case rule(String)
    }

    package let scope: Scope
    package let check: Check
    package let verdict: Verdict
    /// Which of several things of one kind: an origin, a header field, a change of the upload. Nil if there is only one.
    package let subject: String?
    /// What was seen, without a full stop.
    package let text: String
    /// How to mend it, without a full stop; nil if there is nothing to mend.
    package let advice: String?
    /// The action of IAM that would have let this be known; nil if that is not the reason.
    package let action: String?

    /// A finding about one of several things of a kind.
    package init(
        _ scope: Scope, _ check: Check, _ verdict: Verdict, _ subject: String?, _ text: String, advice: String? = nil,
        action: String? = nil
    ) {
        self.scope = scope
        self.check = check
        self.verdict = verdict
        self.subject = subject
        self.text = text
        self.advice = advice
        self.action = action
    }

    package init(
        _ scope: Scope, _ check: Check, _ verdict: Verdict, _ text: String, advice: String? = nil, action: String? = nil
    ) {
        self.init(scope, check, verdict, nil, text, advice: advice, action: action)
    }
}
