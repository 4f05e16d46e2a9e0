// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An issuer as a file declares it, with its keys.
package struct IssuerDeclaration: Sendable {
    package let issuer: Issuer
    /// The tenant whose file declares it; nil for the service-wide file.
    package let owner: String?
    package let keys: IssuerKeys

    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys) {
        self.issuer = issuer
        self.owner = owner
        self.keys = keys
    }

    fileprivate func isSame(as trusted: TrustedIssuer) -> Bool {
        keys === trusted.keys && owner == trusted.owner && issuer.isSame(as: trusted.issuer)
    }
}

extension TrustedIssuer {
    /// Makes the trusted issuers of a new generation of the rules: one for each declaration, in the same order.
    ///
    /// Where no declaration of an `iss` has changed, the previous objects are used again, and cached tokens stay valid. Where one
    /// has, all of that `iss` are new: a token that fitted one declaration may now fit two, and must be verified again.
    ///
    /// - Parameters:
    ///   - previous: the trusted issuers of the generation before, in the order of their declarations
    ///   - generation: the new one
    package static func renewed(
        _ declarations: [IssuerDeclaration], after previous: [TrustedIssuer], in generation: Int
    ) -> [TrustedIssuer] {
        let templates = (previous.map(\.issuer.pattern) + declarations.map(\.issuer.pattern)).filter { $0.template != nil }
        let old = Dictionary(grouping: previous) { Group($0.issuer.pattern, templates) }
        let new = Dictionary(grouping: declarations.indices) { Group(declarations[$0].issuer.pattern, templates) }
        var trusted: [TrustedIssuer?] = Array(repeating: nil, count: declarations.count)
        for (group, indices) in new {
            let known = old[group] ?? []
            let isUnchanged =
                known.count == indices.count && zip(indices, known).allSatisfy { declarations[$0].isSame(as: $1) }
            for (place, index) in indices.enumerated() {
                let declared = declarations[index]
                trusted[index] =
                    isUnchanged
                    ? known[place]
                    : TrustedIssuer(declared.issuer, owner: declared.owner, keys: declared.keys, since: generation)
            }
        }
        return trusted.compactMap(\.self)
    }

    /// The declarations of which a token may fit more than one.
    private enum Group: Hashable {
        case issuer(ExactString)
        /// Those with a placeholder, and those whose `iss` one of these matches.
        case templates

        init(_ pattern: IssuerPattern, _ templates: [IssuerPattern]) {
            let isTemplate = pattern.template != nil || templates.contains { $0.matches(pattern.text) }
            self = isTemplate ? .templates : .issuer(ExactString(pattern.text))
        }
    }
}

extension Issuer {
    /// Whether both are declared alike, byte for byte: to `==`, texts that differ only in Unicode normalisation are equal.
    func isSame(as other: Issuer) -> Bool {
        self == other && zip(texts, other.texts).allSatisfy { $0.hasSameBytes(as: $1) }
    }

    /// Its texts, in an order that is the same for issuers that are equal.
    private var texts: [String] {
        let claims = [userClaim, tenantClaim].compactMap(\.self) + scopeClaims + attributes.map(\.claim)
        return [pattern.text, name, keyAuthorities, keySource.text, audienceClaim].compactMap(\.self)
            + audiences + authorizedParties + requiredClaims.map(\.name) + attributes.map(\.name) + claims.flatMap(\.names)
    }
}

extension KeySource {
    fileprivate var text: String? {
        switch self {
        case .remote(.jwks(let url)): url
        case .remote(.discovery): nil
        case .jwksFile(let path), .pemFile(let path), .secretFile(let path): path
        }
    }
}
