// SPDX-License-Identifier: Apache-2.0

/// The result of each check of a credential, as `postern whoami` prints it. Contains no part of the credential.
package struct AuthenticationReport: Sendable {
    /// The authenticated caller, or the error of the check that failed.
    package let outcome: Result<Principal, AuthenticationError>
    /// All checks for this kind of credential, in their order.
    package let steps: [Step]

    package struct Step: Sendable {
        package let check: AuthenticationCheck
        package let verdict: Verdict
    }

    package enum Verdict: String, Sendable {
        case passed
        case failed
        /// An earlier check failed.
        case notReached
    }

    /// Derives the steps from the outcome: checks are made in the order of ``AuthenticationCheck``, up to the first that fails.
    init(_ outcome: Result<Principal, AuthenticationError>) {
        self.outcome = outcome
        let checks: [AuthenticationCheck]
        let failed: AuthenticationCheck?
        switch outcome {
        case .success(let principal):
            failed = nil
            if case .apiKey = principal.source {
                checks = AuthenticationCheck.apiKeyChecks
            } else {
                checks = AuthenticationCheck.tokenChecks
            }
        case .failure(let error):
            failed = error.check
            checks =
                AuthenticationCheck.tokenChecks.contains(error.check)
                ? AuthenticationCheck.tokenChecks : AuthenticationCheck.apiKeyChecks
        }
        let position = failed.flatMap { checks.firstIndex(of: $0) } ?? checks.endIndex
        steps = checks.enumerated().map { index, check in
            Step(check: check, verdict: index < position ? .passed : index == position ? .failed : .notReached)
        }
    }
}

/// A check that a credential has to pass, in the order in which the checks are made. The first that fails ends authentication.
package enum AuthenticationCheck: String, Sendable, Hashable, CaseIterable {
    // The header field `Authorization`.
    case authorization = "exactly one Authorization header"
    case size = "the header is not too long"
    case scheme = "the scheme is Bearer"

    // A token, up to its signature.
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
    case keyAgreement = "the key is for alg"
    case signature = "the signature is valid"

    // The claims of a token with a valid signature.
    case issuerClaim = "the claim in the issuer's placeholder agrees with iss"
    case audience = "the audience names this service"
    case authorizedParty = "azp is an authorized party"
    case requiredClaims = "the required claims have their values"
    case issuerEnd = "the issuer's entry has not ended"
    case expiration = "exp is in the future"
    case notBefore = "nbf is not in the future"
    case issuedAt = "iat is not in the future"
    case lifetime = "the lifetime is not too long"
    case user = "the user claim is a short string"
    case tenant = "the tenant claim is a short string"
    case scopes = "the scopes are well formed"

    // An API key.
    case keyFormat = "the API key is well formed"
    case keyMatch = "the API key is a known one"
    case keyExpiry = "the API key has not expired"

    // A token whose tenant is known.
    case age = "the tenant does not refuse tokens of this age"

    /// The checks of a bearer token, in their order.
    package static let tokenChecks = allCases.filter { $0.kind == .both || $0.kind == .token }
    /// The checks of an API key, in their order.
    package static let apiKeyChecks = allCases.filter { $0.kind == .both || $0.kind == .apiKey }

    private enum Kind {
        case both, token, apiKey
        /// Made by the tenant, after authentication.
        case tenant
    }

    private var kind: Kind {
        switch self {
        case .authorization, .size, .scheme: .both
        case .keyFormat, .keyMatch, .keyExpiry: .apiKey
        case .age: .tenant
        default: .token
        }
    }
}
