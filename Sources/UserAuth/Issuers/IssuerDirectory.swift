// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// All trusted issuers, by their identifiers.
///
/// One issuer may be declared several times, by several tenants or with different requirements; a token then belongs to the
/// declaration whose requirements it meets. A token that meets those of several is refused, because it could act as a user of
/// either.
struct IssuerDirectory: Sendable {
    private let exact: [ExactString: Declarations]
    /// The issuers with a placeholder.
    private let templates: [TrustedIssuer]

    init(_ issuers: [TrustedIssuer]) {
        exact = Dictionary(grouping: issuers.filter { $0.issuer.pattern.template == nil }) { ExactString($0.issuer.identifier) }
            .mapValues(Declarations.init)
        templates = issuers.filter { $0.issuer.pattern.template != nil }
    }

    /// Returns the issuer that a token names. The claims are not yet verified.
    /// - Parameter algorithm: the algorithm in the token's header
    func issuer(of claims: TokenClaims, _ algorithm: Algorithm) throws(AuthenticationError) -> TrustedIssuer {
        let name = try claims.issuer()
        let declared = exact[ExactString(name)]
        if templates.isEmpty, let only = declared?.only { return only }
        let fitting = templates.filter { $0.issuer.pattern.matches(name) }
        guard declared != nil || !fitting.isEmpty else { throw .issuerUnknown(similar: similarIssuer(to: name)) }
        if declared == nil, fitting.count == 1 { return fitting[0] }
        if fitting.isEmpty, let only = declared?.only { return only }

        let candidates = (declared?.candidates(for: claims) ?? []) + fitting
        // The kind of algorithm is decided before a key is looked at: a public key never serves as a secret (CVE-2015-9235).
        let matches = candidates.filter { $0.issuer.isSymmetric == algorithm.isSymmetric && $0.issuer.isSatisfied(by: claims) }
        guard matches.count <= 1 else { throw .issuerAmbiguous }
        guard let match = matches.first else { throw .declarationUnmatched }
        return match
    }

    /// The declared issuer that differs from an unknown one only in a `/` at the end.
    private func similarIssuer(to name: String) -> String? {
        let other = name.utf8.last == UInt8(ascii: "/") ? String(name.dropLast()) : name + "/"
        if exact[ExactString(other)] != nil { return other }
        return templates.first { $0.issuer.pattern.matches(other) }?.issuer.identifier
    }
}

extension IssuerDirectory {
    /// The declarations of one issuer. Looking one up does not take longer if there are thousands: tenants that share a provider
    /// are told apart by the audience. A class, because each lookup takes a reference.
    private final class Declarations: Sendable {
        /// The declaration, if there is only one.
        let only: TrustedIssuer?
        private let all: [TrustedIssuer]
        /// By the name of the audience claim, then by audience: indices in ``all``.
        private let byAudience: [(claim: String, declarations: [ExactString: [Int]])]
        /// Indices of the declarations that require no audience.
        private let withoutAudience: [Int]

        init(_ declarations: [TrustedIssuer]) {
            all = declarations
            only = declarations.count == 1 ? declarations[0] : nil
            var byAudience: [ExactString: [ExactString: [Int]]] = [:]
            var withoutAudience: [Int] = []
            for (index, declaration) in declarations.enumerated() {
                let issuer = declaration.issuer
                if issuer.audiences.isEmpty { withoutAudience.append(index) }
                for audience in issuer.audiences {
                    byAudience[ExactString(issuer.audienceClaim), default: [:]][ExactString(audience), default: []].append(index)
                }
            }
            self.byAudience = byAudience.map { ($0.key.text, $0.value) }
            self.withoutAudience = withoutAudience
        }

        /// The declarations that may be meant, each once.
        func candidates(for claims: TokenClaims) -> [TrustedIssuer] {
            var indices = Set(withoutAudience)
            for (claim, declarations) in byAudience {
                for audience in (try? claims.audiences(in: claim)) ?? [] {
                    indices.formUnion(declarations[ExactString(audience)] ?? [])
                }
            }
            return indices.map { all[$0] }
        }
    }
}
