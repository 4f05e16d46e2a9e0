// SPDX-License-Identifier: Apache-2.0

/// A token that passed every check, and how long that stays true. Only ``TokenVerifier`` makes one.
final class VerifiedToken: Sendable {
    let principal: Principal
    /// The instants, in seconds since 1970, at which the checks of time give the same answer.
    let validity: Range<Double>
    /// The keys of the issuer, to see that they are still those that verified the token.
    let issuerKeys: IssuerKeys
    /// The set that verified the token.
    let keySet: SHA256Words

    init(principal: Principal, validity: Range<Double>, issuerKeys: IssuerKeys, keySet: SHA256Words) {
        self.principal = principal
        self.validity = validity
        self.issuerKeys = issuerKeys
        self.keySet = keySet
    }

    /// Whether the token would be verified again: it is neither too late nor too early, and the keys are the same.
    func holds(at seconds: Double) -> Bool {
        validity.contains(seconds) && issuerKeys.holds(keySet)
    }
}
