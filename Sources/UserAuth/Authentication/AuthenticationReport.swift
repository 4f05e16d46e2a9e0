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

/// One check that a credential has to pass. The cases stand in the order in which the checks are made, and the first that
/// fails ends the judgement.
package enum Check: String, Sendable, Hashable, CaseIterable {
    // The header field `Authorization`.
    case authorization = "exactly one Authorization header"
    case size = "the header is not too long"
    case scheme = "the scheme is Bearer"

    // A token before its signature.
    case encoding = "three parts of strict base64url"
    case header = "the token's header is a JSON object"
    case algorithm = "alg names a signature algorithm"
    case extensions = "no critical extension"
    case type = "typ is JWT or at+jwt"
    case keyIDFormat = "kid is a short string"
    case claims = "the claims are a JSON object"
    case issuer = "iss is a known issuer"
    case issuerAlgorithm = "alg is one of the issuer's"
    case issuerKeys = "the issuer's keys are known"
    case keySelection = "kid names one of the issuer's keys"
    case keyAgreement = "the key serves alg"
    case signature = "the signature is right"

    // A token after its signature.
    case audience = "aud names this service"
    case expiration = "exp is not past"
    case notBefore = "nbf is past"
    case issuedAt = "iat is past"
    case lifetime = "the lifetime is not too long"
    case user = "the user claim is a short string"
    case tenant = "the tenant claim is a short string"
    case scopes = "the scopes are well formed"

    // An API key.
    case keyFormat = "the API key is well formed"
    case keyMatch = "the API key is a known one"
    case keyExpiry = "the API key has not ended"

    /// The checks of a bearer token, in their order.
    package static let ofToken = allCases.filter { $0.kind != .apiKey }
    /// The checks of an API key, in their order.
    package static let ofAPIKey = allCases.filter { $0.kind != .token }

    private enum Kind {
        case both, token, apiKey
    }

    private var kind: Kind {
        switch self {
        case .authorization, .size, .scheme: .both
        case .keyFormat, .keyMatch, .keyExpiry: .apiKey
        default: .token
        }
    }
}
