// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Verifies bearer tokens: makes the checks of ``AuthenticationCheck/tokenChecks`` in their order, up to the first that fails.
struct TokenVerifier: Sendable {
    private let issuers: IssuerDirectory

    init(issuers: IssuerDirectory) {
        self.issuers = issuers
    }

    /// Verifies a token.
    /// - Parameters:
    ///   - token: the token, without the scheme.
    ///   - now: seconds since 1970.
    func verify(_ token: [UInt8], at now: Double) throws(AuthenticationError) -> VerifiedToken {
        let jws = try CompactJWS(parsing: token)
        let header = try TokenHeader(parsing: jws.header)
        let claims = try TokenClaims(parsing: jws.payload)
        let trusted = try issuers.issuer(of: claims, header.algorithm)
        guard trusted.issuer.algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        guard let (keys, epoch) = trusted.keys.snapshot() else { throw .keysUnavailable(issuer: trusted.issuer.identifier) }
        let key: VerificationKey
        do {
            let name = trusted.issuer.pattern.template == nil ? nil : try claims.issuer()
            key = try keys.verify(jws, header, issuer: name)
        } catch {
            // The issuer may have rotated its keys. They are fetched in the background; this request does not wait for them.
            switch error {
            case .keyUnknown: if let id = header.keyID { trusted.keys.reportUnknownKey(id) }
            // If the token or the key has no id, a rotation appears as an invalid signature.
            case .signatureInvalid: if header.keyID == nil || keys.isSingleKeyWithoutID { trusted.keys.reportUnknownKey("") }
            default: break
            }
            throw error
        }
        let (principal, times) = try trusted.principal(of: claims, keyID: key.id, at: now)
        return VerifiedToken(principal: principal, times: times, issuer: trusted, keysEpoch: epoch)
    }
}

extension TrustedIssuer {
    /// Returns the caller that the claims name. They are the issuer's: the signature is valid. `iss` needs no further check, since
    /// the issuer was found by it.
    /// - Parameters:
    ///   - keyID: the id of the key that verified the signature
    ///   - now: seconds since 1970
    func principal(
        of claims: TokenClaims, keyID: String?, at now: Double
    ) throws(AuthenticationError) -> (principal: Principal, times: TokenTimes) {
        try issuer.checkRequirements(of: claims)
        let times = try TokenTimes(claims, self, at: now)
        let user = try claims.user(in: issuer.userClaim)
        let tenant: String
        if let owner {
            tenant = owner
        } else {
            tenant = try claims.tenant(in: issuer.tenantClaimOrDefault)
        }
        let principal = Principal(
            tenant: tenant,
            user: user,
            scopes: try claims.scopes(in: issuer.scopeClaims),
            source: .token(try VerifiedIdentity(claims, self, times, keyID: keyID)),
            expires: Date(timeIntervalSince1970: times.expiration)
        )
        return (principal, times)
    }
}

/// A token that passed all checks, and how long it stays valid. Only ``TokenVerifier`` makes one.
final class VerifiedToken: Sendable {
    let principal: Principal
    private let times: TokenTimes
    /// The declaration that the token fits, with the keys that verified it.
    private let issuer: TrustedIssuer
    private let keysEpoch: Int

    init(principal: Principal, times: TokenTimes, issuer: TrustedIssuer, keysEpoch: Int) {
        self.principal = principal
        self.times = times
        self.issuer = issuer
        self.keysEpoch = keysEpoch
    }

    /// Whether verifying the token again would succeed: its times allow it, its issuer is still declared in the same way, and the
    /// issuer's keys are the same.
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - generation: the generation of the rules that the request uses.
    func isValid(at now: Double, in generation: Int) -> Bool {
        now < times.validUntil && now >= times.validFrom && issuer.isDeclared(in: generation)
            && issuer.keys.isUnchanged(since: keysEpoch)
    }
}
