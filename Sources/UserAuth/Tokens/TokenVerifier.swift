// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Verifies bearer tokens: every check of ``Check/ofToken`` in its order, the first failure ends it.
struct TokenVerifier: Sendable {
    private let issuers: IssuerDirectory

    init(issuers: IssuerDirectory) {
        self.issuers = issuers
    }

    /// Verifies a token.
    /// - Parameters:
    ///   - token: the token alone, without the scheme.
    ///   - now: seconds since 1970.
    func verify(_ token: [UInt8], at now: Double) throws(AuthenticationError) -> VerifiedToken {
        let jws = try CompactJWS(parsing: token)
        let header = try TokenHeader(parsing: jws.header)
        let claims = try TokenClaims(parsing: jws.payload)
        let trusted = try issuers.issuer(of: claims)
        let issuer = trusted.issuer
        guard issuer.algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        guard let (keys, epoch) = trusted.keys.snapshot() else { throw .keysUnavailable(issuer: issuer.identifier) }
        let key: VerificationKey
        do {
            key = try keys.verify(jws, header)
        } catch {
            // Perhaps the issuer has rotated. This request does not wait to see.
            switch error {
            case .keyUnknown: if let id = header.keyID { trusted.keys.missed(id) }
            // Where a token or the key has no id, a rotation looks like a wrong signature.
            case .signatureInvalid: if header.keyID == nil || keys.isOneKeyWithoutID { trusted.keys.missed("") }
            default: break
            }
            throw error
        }
        // From here on the claims are the issuer's word. `iss` has been compared: it is how the issuer was found.
        guard issuer.serves(try claims.audiences()) else { throw .audienceMismatch }
        let times = try TokenTimes(claims, issuer, at: now)
        let user = try claims.user(claim: issuer.userClaim)
        let tenant =
            switch trusted.tenant {
            case .fixed(let id): id
            case .claim(let name): try claims.tenant(claim: name)
            }
        let principal = Principal(
            tenant: tenant,
            user: user,
            scopes: try claims.scopes(),
            source: .token(issuer: issuer.identifier, keyID: key.id),
            expires: Date(timeIntervalSince1970: times.expiration)
        )
        return VerifiedToken(principal: principal, times: times, keys: trusted.keys, keysEpoch: epoch)
    }
}

/// A token that passed every check, and how long that stays true. Only ``TokenVerifier`` makes one.
final class VerifiedToken: Sendable {
    let principal: Principal
    private let times: TokenTimes
    /// The keys of the issuer, to see that they are still those that verified the token.
    private let keys: IssuerKeys
    private let keysEpoch: Int

    init(principal: Principal, times: TokenTimes, keys: IssuerKeys, keysEpoch: Int) {
        self.principal = principal
        self.times = times
        self.keys = keys
        self.keysEpoch = keysEpoch
    }

    /// Whether the token would be verified again: it is neither too late nor too early, and the keys are the same.
    /// - Parameter now: seconds since 1970.
    func holds(at now: Double) -> Bool {
        now < times.validUntil && now >= times.validFrom && keys.isUnchanged(since: keysEpoch)
    }
}
