// SPDX-License-Identifier: Apache-2.0

/// The times of a token, checked at one instant. In seconds since 1970.
struct TokenTimes {
    let expiration: Double
    /// The first instant at which the checks pass; it only matters where the clock jumps back.
    let validFrom: Double
    /// The first instant at which the token has ended.
    let validUntil: Double

    /// Checks `exp`, `nbf`, `iat` and the lifetime, each with the skew that clocks are allowed.
    init(_ claims: TokenClaims, _ issuer: Issuer, at now: Double) throws(AuthenticationError) {
        let skew = NumericDate.skew
        let expiration = try claims.expiration()
        guard now < expiration + skew else { throw .expired }
        let notBefore = try claims.notBefore()
        if let notBefore, now < notBefore - skew { throw .notYetValid }
        let issuedAt = try claims.issuedAt()
        if let issuedAt, now < issuedAt - skew { throw .issuedInFuture }
        let maximum = Double(issuer.maximumLifetime)
        // Where the issuer does not say when the token began, its whole rest must be within the bound.
        let earliest = issuedAt ?? expiration - maximum
        if issuedAt == nil {
            guard now >= earliest - skew else { throw .lifetimeTooLong }
        } else {
            guard expiration - earliest <= maximum else { throw .lifetimeTooLong }
        }
        self.expiration = expiration
        self.validFrom = max(earliest, notBefore ?? earliest) - skew
        self.validUntil = expiration + skew
    }
}
