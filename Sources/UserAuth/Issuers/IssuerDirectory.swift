// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The issuers by their names.
///
/// Two tenants may trust the same provider, each for its own audience: the audience then tells which of them a token is for. A
/// token that is for both is refused, because it could act as a user of either; so is one that is for neither.
struct IssuerDirectory: Sendable {
    private let issuers: [ExactString: [TrustedIssuer]]

    init(_ issuers: [TrustedIssuer]) {
        self.issuers = Dictionary(grouping: issuers) { ExactString($0.issuer.identifier) }
    }

    /// Finds the issuer that a token names, unverified as it is.
    func issuer(of claims: TokenClaims) throws(AuthenticationError) -> TrustedIssuer {
        let name = try claims.issuer()
        guard let candidates = issuers[ExactString(name)], let first = candidates.first else { throw .issuerUnknown }
        guard candidates.count > 1 else { return first }
        let audiences = (try? claims.audiences()) ?? []
        let served = candidates.filter { $0.issuer.serves(audiences) }
        guard served.count == 1, let match = served.first else { throw .issuerAmbiguous }
        return match
    }
}

extension Issuer {
    /// Whether one of a token's audiences is one of this issuer's, byte for byte.
    func serves(_ audiences: [String]) -> Bool {
        audiences.contains { audience in self.audiences.contains { $0.hasSameBytes(as: audience) } }
    }
}
