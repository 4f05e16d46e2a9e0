// SPDX-License-Identifier: Apache-2.0

/// How a credential was judged, check by check: what `postern whoami` shows. Holds nothing of the credential itself.
package struct Judgement: Sendable {
    /// The authenticated caller, or why there is none.
    package let outcome: Result<Principal, AuthenticationError>
    /// Every check for this kind of credential in its order.
    package let steps: [Step]

    package struct Step: Sendable {
        package let check: Check
        package let verdict: Verdict
    }

    package enum Verdict: String, Sendable {
        case passed
        case failed
        /// An earlier check failed.
        case notReached
    }

    /// Tells from the outcome alone: the checks are made in the order of ``Check`` and the first that fails ends it, so those
    /// before it have passed.
    init(_ outcome: Result<Principal, AuthenticationError>) {
        self.outcome = outcome
        let checks: [Check]
        let failed: Check?
        switch outcome {
        case .success(let principal):
            failed = nil
            if case .apiKey = principal.source { checks = Check.ofAPIKey } else { checks = Check.ofToken }
        case .failure(let failure):
            failed = failure.check
            checks = Check.ofToken.contains(failure.check) ? Check.ofToken : Check.ofAPIKey
        }
        let position = failed.flatMap { checks.firstIndex(of: $0) } ?? checks.endIndex
        steps = checks.enumerated().map { index, check in
            Step(check: check, verdict: index < position ? .passed : index == position ? .failed : .notReached)
        }
    }
}
