// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct AuthenticationReportTests {
    /// A way to spoil a token at one check.
    private struct Fault: Sendable {
        let check: AuthenticationCheck
        let spoil: @Sendable (inout Draft) -> Void
    }

    /// A token before it is signed.
    private struct Draft {
        var header = ["alg": "\"ES256\"", "kid": "\"k1\""]
        var claims = Claims()
        var isSignedRightly = true
        var payload: String?
        var suffix = ""
        var scheme = "Bearer"
        var fill = ""
    }

    private static let faults: [Fault] = [
        Fault(check: .size) { $0.fill = String(repeating: "x", count: 9000) },
        Fault(check: .scheme) { $0.scheme = "Basic" },
        Fault(check: .encoding) { $0.suffix = "=" },
        Fault(check: .header) { $0.header["x"] = "01" },
        Fault(check: .algorithm) { $0.header["alg"] = "\"none\"" },
        Fault(check: .extensions) { $0.header["crit"] = "[]" },
        Fault(check: .type) { $0.header["typ"] = "\"x\"" },
        Fault(check: .keyIDFormat) { $0.header["kid"] = "1" },
        Fault(check: .claims) { $0.payload = "[]" },
        Fault(check: .issuer) { $0.claims = $0.claims.with("iss", "\"x\"") },
        Fault(check: .issuerAlgorithm) { $0.header["alg"] = "\"RS256\"" },
        Fault(check: .keySelection) { $0.header["kid"] = "\"k2\"" },
        Fault(check: .signature) { $0.isSignedRightly = false },
        Fault(check: .issuerClaim) { $0.claims = $0.claims.with("tid", "\"b\"") },
        Fault(check: .audience) { $0.claims = $0.claims.with("aud", "[]") },
        Fault(check: .authorizedParty) { $0.claims = $0.claims.without("azp") },
        Fault(check: .requiredClaims) { $0.claims = $0.claims.with("kind", "true") },
        Fault(check: .expiration) { $0.claims = $0.claims.with("exp", "0") },
        Fault(check: .notBefore) { $0.claims = $0.claims.with("nbf", "\(Claims.now * 2)") },
        Fault(check: .issuedAt) { $0.claims = $0.claims.with("iat", "\"x\"") },
        Fault(check: .lifetime) { $0.claims = $0.claims.with("iat", "0") },
        Fault(check: .user) { $0.claims = $0.claims.with("sub", "0") },
        Fault(check: .tenant) { $0.claims = $0.claims.with("org", "0") },
        Fault(check: .scopes) { $0.claims = $0.claims.with("scp", "0") },
    ]

    @Test func `the first check that fails is reported, whatever else is wrong`() throws {
        let scene = try Scene(issuer: "https://id.example/{tid}/v2", tenant: .claim("org")) { issuer in
            issuer.authorizedParties = ["web"]
            issuer.requiredClaims = [RequiredClaim(name: "kind", value: .string("access"))]
        }
        let stranger = SigningKey.es256()
        for (index, first) in Self.faults.enumerated() {
            for second in [nil] + Self.faults[(index + 1)...].map(Optional.init) {
                var draft = Draft()
                draft.claims = draft.claims.with("org", "\"acme\"").with("azp", "\"web\"").with("kind", "\"access\"")
                    .with("iss", "\"https://id.example/a/v2\"").with("tid", "\"a\"")
                second?.spoil(&draft)
                first.spoil(&draft)
                let header = "{" + draft.header.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
                let key = draft.isSignedRightly ? scene.key : stranger
                let token = try key.token(header: header, payload: draft.payload ?? draft.claims.json)
                let report = scene.authenticator.report(
                    authorization: ["\(draft.scheme) \(token)\(draft.suffix)\(draft.fill)"],
                    at: .now()
                )
                let failed = report.steps.filter { $0.verdict == .failed }.map(\.check)
                #expect(failed == [first.check], "with \(String(describing: second?.check))")
            }
        }
    }

    @Test func `every check of a token can fail`() {
        let told = Set(Self.faults.map(\.check))
        // The header, the issuer's keys and end, the key's own algorithm and the tenant need another scene; other tests have them.
        #expect(
            Set(AuthenticationCheck.tokenChecks).subtracting(told)
                == [.authorization, .issuerKeys, .keyAgreement, .issuerEnd])
    }

    @Test func `checks before the failed one have passed, and later ones were not reached`() throws {
        let scene = try Scene()
        let report = scene.authenticator.report(authorization: ["Bearer \(try scene.key.token())"], at: .now(1e6))
        #expect(report.steps.map(\.check) == AuthenticationCheck.tokenChecks)
        let position = try #require(AuthenticationCheck.tokenChecks.firstIndex(of: .expiration))
        #expect(report.steps[..<position].allSatisfy { $0.verdict == .passed })
        #expect(report.steps[position].verdict == .failed)
        #expect(report.steps[(position + 1)...].allSatisfy { $0.verdict == .notReached })
    }

    @Test func `an accepted token has passed every check, cached or not`() throws {
        let scene = try Scene(cacheCapacity: 10)
        for _ in 0..<2 {
            let report = scene.authenticator.report(authorization: ["Bearer \(try scene.key.token())"], at: .now())
            #expect(report.steps.allSatisfy { $0.verdict == .passed })
            #expect((try? report.outcome.get())?.tenant == "acme")
        }
        #expect(scene.authenticator.cacheStatistics.entries == 0)
        #expect(scene.authenticator.cacheStatistics.misses == 0)
    }

    @Test func `an API key has checks of its own`() throws {
        var generator = SystemRandomNumberGenerator()
        let text = try #require(APIKey.generate(tenant: "acme", id: "cms", random: &generator))
        let authenticator = Authenticator(issuers: [], apiKeys: [APIKeyRecord(tenant: "acme", id: "cms", sha256: text.sha256)])
        func report(_ key: String) -> AuthenticationReport { authenticator.report(authorization: ["Bearer \(key)"], at: .now()) }
        #expect(report(text.key).steps.map(\.check) == AuthenticationCheck.apiKeyChecks)
        #expect(report(text.key).steps.allSatisfy { $0.verdict == .passed })
        #expect(report("pstn.x").steps.first { $0.verdict == .failed }?.check == .keyFormat)
        #expect(report(text.key.replacing("cms", with: "x")).steps.first { $0.verdict == .failed }?.check == .keyMatch)
    }

    @Test func `every reason has a metric label of its own`() {
        let failures: [AuthenticationError] = [
            .authorizationMissing, .authorizationRepeated, .authorizationTooLong, .schemeNotBearer, .tokenMalformed,
            .headerMalformed,
            .algorithmUnsupported, .criticalExtension, .unencodedPayload, .typeNotAllowed, .keyIDMalformed, .claimsMalformed,
            .issuerMissing,
            .issuerUnknown(similar: nil), .issuerAmbiguous, .declarationUnmatched, .tokenEncrypted, .keyIssuerMismatch,
            .issuerClaimMismatch(claim: "x"), .authorizedPartyMissing, .authorizedPartyMalformed, .authorizedPartyMismatch,
            .requiredClaimMissing(claim: "x"), .requiredClaimMismatch(claim: "x"), .issuerEnded, .issuedTooEarly,
            .algorithmNotAllowed, .keysUnavailable(issuer: "x"), .keyIDMissing, .keyUnknown,
            .keyMismatch,
            .signatureInvalid, .audienceMissing, .audienceMalformed, .audienceMismatch, .expirationMissing, .expirationMalformed,
            .expired,
            .notBeforeMalformed, .notYetValid, .issuedAtMalformed, .issuedInFuture, .lifetimeTooLong, .userMissing,
            .userMalformed,
            .tenantMissing, .tenantMalformed, .scopesMalformed, .apiKeyMalformed, .apiKeyUnknown, .apiKeyMismatch, .apiKeyExpired,
        ]
        #expect(Set(failures.map(\.reason)).count == failures.count)
        let letters = Set("abcdefghijklmnopqrstuvwxyz-".utf8)
        #expect(failures.allSatisfy { $0.reason.utf8.allSatisfy(letters.contains) })
        #expect(Set(failures.map(\.check)) == Set(AuthenticationCheck.allCases))
    }
}
