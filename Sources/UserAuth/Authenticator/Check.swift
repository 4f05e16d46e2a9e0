// SPDX-License-Identifier: Apache-2.0

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
