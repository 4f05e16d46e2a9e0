// SPDX-License-Identifier: Apache-2.0

/// The times of a token, checked at one instant. In seconds since 1970.
struct TokenTimes {
    let expiration: Double
    /// The instants at which the checks pass. The lower end only matters where the clock jumps back.
    let validity: Range<Double>

    /// Checks `exp`, `nbf`, `iat` and the lifetime, each with the skew that clocks are allowed.
    init(_ claims: TokenClaims, _ issuer: Issuer, at now: Double) throws(AuthenticationFailure) {
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
        let start = max(earliest, notBefore ?? earliest) - skew
        self.validity = start..<(expiration + skew)
    }
}
