// SPDX-License-Identifier: Apache-2.0

/// A token that passed every check, and how long that stays true. Only ``TokenVerifier`` makes one.
final class VerifiedToken: Sendable {
    let principal: Principal
    private let times: TokenTimes
    /// The keys of the issuer, to see that they are still those that verified the token.
    private let issuerKeys: IssuerKeys
    /// The set that verified the token.
    private let keySet: SHA256Words

    init(principal: Principal, times: TokenTimes, issuerKeys: IssuerKeys, keySet: SHA256Words) {
        self.principal = principal
        self.times = times
        self.issuerKeys = issuerKeys
        self.keySet = keySet
    }

    /// Whether the token would be verified again: it is neither too late nor too early, and the keys are the same.
    /// - Parameter now: seconds since 1970.
    func holds(at now: Double) -> Bool {
        now < times.validUntil && now >= times.validFrom && issuerKeys.holds(keySet)
    }
}
