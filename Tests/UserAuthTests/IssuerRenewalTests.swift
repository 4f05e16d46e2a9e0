// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import UserAuth

/// Which cached tokens stay valid when the declarations of issuers change.
struct IssuerRenewalTests {
    private let key = SigningKey.es256()
    private let keys: IssuerKeys

    init() throws {
        keys = IssuerKeys(try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [.es256]))
    }

    private func declare(
        _ owner: String? = "acme", _ issuer: String = "https://id.example", keys: IssuerKeys? = nil,
        configure: (inout Issuer) -> Void = { _ in }
    ) throws -> IssuerDeclaration {
        let declared = try self.issuer(issuer) { declared in
            if owner == nil { declared.tenantClaim = ClaimPath("org") }
            configure(&declared)
        }
        return .new(declared, owner: owner, keys: keys ?? self.keys)
    }

    private func issuer(_ name: String = "https://id.example", configure: (inout Issuer) -> Void) throws -> Issuer {
        var issuer = Issuer(pattern: try IssuerPattern(parsing: name), algorithms: [.es256], keySource: .jwksFile("keys.json"))
        issuer.audiences = ["uploads"]
        configure(&issuer)
        return issuer
    }

    /// An authenticator for each generation, all with one cache.
    private func generations(_ declared: [[IssuerDeclaration]]) -> [Authenticator] {
        var issuers: [TrustedIssuer] = []
        var all: [Authenticator] = []
        for (index, declarations) in declared.enumerated() {
            let next = TrustedIssuer.renewed(declarations, after: issuers, in: index + 1)
            for issuer in issuers where !next.contains(where: { $0 === issuer }) { issuer.retire(in: index + 1) }
            issuers = next
            all.append(Authenticator(issuers: issuers, apiKeys: [], generation: index + 1, after: all.last))
        }
        return all
    }

    /// The tenant, or the reason of the refusal.
    private func answer(_ authenticator: Authenticator, _ token: String) -> String {
        (try? authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now()).tenant) ?? authenticator.answer(token)
    }

    private func token(_ issuer: String = "https://id.example", audience: String = #""uploads""#) throws -> String {
        try key.token(Claims().with("iss", "\"\(issuer)\"").with("aud", audience).with("tid", #""a""#).with("org", #""acme""#))
    }

    @Test func `a cached token stays cached when nothing of its issuer has changed`() throws {
        let other = try declare("beta", "https://other.example")
        let generations = generations([
            [try declare(), other], [try declare()], [try declare(), try declare("beta", "https://third.example")],
        ])
        let token = try token()
        for authenticator in generations { #expect(answer(authenticator, token) == "acme") }
        #expect(generations[2].cacheStatistics.hits == 2 && generations[2].cacheStatistics.misses == 1)
    }

    @Test func `a cached token is refused when its issuer is removed or requires something else`() throws {
        let cases: [([IssuerDeclaration], String)] = [
            ([], "issuer-unknown"),
            ([try declare { $0.audiences = ["other"] }], "audience-mismatch"),
            ([try declare { $0.authorizedParties = ["web"] }], "authorized-party-missing"),
            ([try declare { $0.requiredClaims = [RequiredClaim(name: "kind", value: .bool(true))] }], "required-claim-missing"),
            ([try declare { $0.maximumLifetime = 10 }], "lifetime-too-long"),
            ([try declare { $0.end = Double(Claims.now) }], "issuer-ended"),
            ([try declare { $0.userClaim = ClaimPath("name") }], "user-missing"),
            ([try declare("beta")], "beta"),
            ([try declare(nil)], "acme"),
            ([try declare(keys: IssuerKeys())], "keys-unavailable"),
        ]
        for (next, expected) in cases {
            let generations = generations([[try declare()], next])
            let token = try token()
            #expect(answer(generations[0], token) == "acme" && answer(generations[0], token) == "acme")
            #expect(answer(generations[1], token) == expected)
            #expect(generations[1].cacheStatistics.hits == 1, "verified again: \(expected)")
        }
    }

    @Test func `a token that fits a declaration that was added is refused, although it is cached`() throws {
        let generations = generations([[try declare()], [try declare(), try declare("beta") { $0.audiences = ["b"] }]])
        let token = try token(audience: #"["uploads","b"]"#)
        #expect(answer(generations[0], token) == "acme")
        #expect(answer(generations[1], token) == "issuer-ambiguous")
    }

    @Test func `a template and the issuers that it matches are renewed together, and others are not`() throws {
        let (exact, template) = ("https://id.example/a/v2", "https://id.example/{tid}/v2")
        let other = try declare("other", "https://other.example")
        let generations = generations([
            [try declare("acme", exact) { $0.audiences = ["uploads", "x"] }, other],
            [
                try declare("acme", exact) { $0.audiences = ["uploads", "x"] }, other,
                try declare("all", template) { $0.audiences = ["x"] },
            ],
            [other, try declare("all", template) { $0.audiences = ["x"] }],
        ])
        let (both, own, apart) = (try token(exact, audience: #""x""#), try token(exact), try token("https://other.example"))
        for token in [both, own] { #expect(answer(generations[0], token) == "acme") }
        #expect(answer(generations[0], apart) == "other")
        #expect(answer(generations[1], both) == "issuer-ambiguous" && answer(generations[1], own) == "acme")
        let before = generations[1].cacheStatistics.hits
        #expect(answer(generations[1], apart) == "other" && generations[1].cacheStatistics.hits == before + 1)
        #expect(answer(generations[2], both) == "all" && answer(generations[2], own) == "audience-mismatch")
    }

    @Test func `declarations that are known to be unchanged lead to the same as declarations that are compared`() throws {
        var random = SplitMix64(seed: 12)
        let issuers = ["https://a.example", "https://b.example", "https://id.example/1/v2", "https://id.example/{tid}/v2"]
        for round in 0..<300 {
            // What each of five tenants declares, in each of four generations.
            var declared: [String: [IssuerDeclaration]] = [:]
            var (compared, marked): ([TrustedIssuer], [TrustedIssuer]) = ([], [])
            for generation in 1...4 {
                var (plain, known): ([IssuerDeclaration], [IssuerDeclaration]) = ([], [])
                for tenant in ["t1", "t2", "t3", "t4", "t5"] {
                    let isChanged = declared[tenant] == nil || Int.random(in: 0..<3, using: &random) == 0
                    if isChanged {
                        declared[tenant] = try (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                            let audience = Int.random(in: 0..<3, using: &random)
                            return try declare(tenant, issuers[Int.random(in: 0..<4, using: &random)]) {
                                $0.audiences = ["\(tenant)-\(audience)"]
                            }
                        }
                    }
                    plain += declared[tenant] ?? []
                    let before = marked.filter { $0.owner == tenant }
                    known += isChanged ? declared[tenant] ?? [] : before.map { IssuerDeclaration.unchanged($0) }
                }
                let nextCompared = TrustedIssuer.renewed(plain, after: compared, in: generation)
                let nextMarked = TrustedIssuer.renewed(known, after: marked, in: generation)
                let kept = nextCompared.map { issuer in compared.firstIndex { $0 === issuer } }
                #expect(nextMarked.map { issuer in marked.firstIndex { $0 === issuer } } == kept, "round \(round)")
                #expect(nextMarked.map(\.issuer) == nextCompared.map(\.issuer), "round \(round)")
                (compared, marked) = (nextCompared, nextMarked)
            }
        }
    }

    @Test func `requests that still use the older rules are answered by those`() throws {
        let generations = generations([[try declare()], [try declare("beta")], [try declare("beta")]])
        let token = try token()
        for index in [0, 1, 0, 2, 1, 0] { #expect(answer(generations[index], token) == ["acme", "beta", "beta"][index]) }
    }

    @Test func `declarations that differ in a text's Unicode normalisation are different`() throws {
        let (composed, decomposed) = ("\u{e9}", "e\u{301}")
        let changes: [(inout Issuer, String) -> Void] = [
            { $0.audiences = [$1] }, { $0.authorizedParties = [$1] }, { $0.audienceClaim = $1 },
            { $0.userClaim = ClaimPath("a", [$1]) },
            { $0.tenantClaim = ClaimPath($1) }, { $0.scopeClaims = [ClaimPath($1)] }, { $0.keyAuthorities = $1 },
            { $0.requiredClaims = [RequiredClaim(name: $1, value: .bool(true))] },
            { $0.attributes = [.init(name: "a", claim: ClaimPath($1))] },
        ]
        for change in changes {
            let (first, second) = (
                try issuer { change(&$0, composed) }, try issuer { change(&$0, decomposed) }
            )
            #expect(first == second && first.isSame(as: first) && !first.isSame(as: second))
        }
        let generations = generations([
            [try declare { $0.audiences = [composed] }], [try declare { $0.audiences = [decomposed] }],
        ])
        let token = try token(audience: "\"\(composed)\"")
        #expect(answer(generations[0], token) == "acme" && answer(generations[1], token) == "audience-mismatch")
    }
}
