// SPDX-License-Identifier: Apache-2.0

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
