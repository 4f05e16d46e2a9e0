// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Decides as ``TokenVerifier`` does whether a token is accepted, without its signature: for operators who compare rules, and have
/// no keys of their users' providers. The service does not use it.
package struct UnsignedTokenVerifier: Sendable {
    private let issuers: IssuerDirectory

    /// - Parameter declarations: every declared issuer, with the tenant whose file declares it; nil for the service-wide file
    package init(_ declarations: [(issuer: Issuer, owner: String?)]) {
        issuers = IssuerDirectory(declarations.map { TrustedIssuer($0.issuer, owner: $0.owner, keys: IssuerKeys()) })
    }

    /// Returns the caller of a token.
    /// - Parameters:
    ///   - claims: the JSON of its claims
    ///   - algorithm: its `alg`
    ///   - isSigned: whether a key of an issuer has signed the token
    package func principal(
        claims: [UInt8], algorithm: Algorithm, at now: Date, isSigned: (Issuer) -> Bool
    ) throws(AuthenticationError) -> Principal {
        let claims = try TokenClaims(parsing: claims)
        let trusted = try issuers.issuer(of: claims, algorithm)
        guard trusted.issuer.algorithms.contains(algorithm) else { throw .algorithmNotAllowed }
        guard isSigned(trusted.issuer) else { throw .signatureInvalid }
        return try trusted.principal(of: claims, keyID: nil, at: now.timeIntervalSince1970).principal
    }

    /// Returns the owner of an API key, of which only the hash is known.
    package static func owner(of key: APIKeyRecord, at now: Date) throws(AuthenticationError) -> Principal {
        try key.principal(at: now.timeIntervalSince1970)
    }
}
