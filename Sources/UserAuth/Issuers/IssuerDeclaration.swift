// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An issuer as a file declares it, with its keys.
package enum IssuerDeclaration: Sendable {
    /// - Parameter owner: the tenant whose file declares it; nil for the service-wide file
    case new(Issuer, owner: String?, keys: IssuerKeys)
    /// One that has not changed since the generation before.
    case unchanged(TrustedIssuer)

    fileprivate var pattern: IssuerPattern {
        switch self {
        case .new(let issuer, _, _): issuer.pattern
        case .unchanged(let trusted): trusted.issuer.pattern
        }
    }

    fileprivate var known: TrustedIssuer? {
        if case .unchanged(let trusted) = self { trusted } else { nil }
    }

    fileprivate func isSame(as other: TrustedIssuer) -> Bool {
        switch self {
        case .new(let issuer, let owner, let keys):
            keys === other.keys && owner == other.owner && issuer.isSame(as: other.issuer)
        case .unchanged(let trusted):
            trusted === other
                || trusted.keys === other.keys && trusted.owner == other.owner && trusted.issuer.isSame(as: other.issuer)
        }
    }

    /// The trusted issuer of a generation in which a token of it may fit others than before.
    fileprivate func trusted(since generation: Int) -> TrustedIssuer {
        switch self {
        case .new(let issuer, let owner, let keys): TrustedIssuer(issuer, owner: owner, keys: keys, since: generation)
        case .unchanged(let trusted):
            TrustedIssuer(trusted.issuer, owner: trusted.owner, keys: trusted.keys, since: generation)
        }
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
        let templates =
            Array(previous.lazy.map(\.issuer.pattern).filter { $0.template != nil })
            + declarations.lazy.map(\.pattern).filter { $0.template != nil }
        // Most declarations are known to be unchanged, and only groups with another one are compared.
        let kept = Set(declarations.lazy.compactMap(\.known).map { ObjectIdentifier($0) })
        let gone = previous.lazy.filter { !kept.contains(ObjectIdentifier($0)) }.map(\.issuer.pattern)
        let other = declarations.lazy.filter { $0.known == nil }.map(\.pattern)
        let touched = Set((Array(gone) + Array(other)).map { Group($0, templates) })
        func isTouched(_ pattern: IssuerPattern) -> Bool { !touched.isEmpty && touched.contains(Group(pattern, templates)) }

        var trusted = declarations.map { isTouched($0.pattern) ? nil : $0.known }
        let old = Dictionary(grouping: previous.filter { isTouched($0.issuer.pattern) }) { Group($0.issuer.pattern, templates) }
        let new = Dictionary(grouping: trusted.indices.filter { trusted[$0] == nil }) {
            Group(declarations[$0].pattern, templates)
        }
        for (group, indices) in new {
            let known = old[group] ?? []
            let isUnchanged =
                known.count == indices.count && zip(indices, known).allSatisfy { declarations[$0].isSame(as: $1) }
            for (place, index) in indices.enumerated() {
                trusted[index] = isUnchanged ? known[place] : declarations[index].trusted(since: generation)
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
