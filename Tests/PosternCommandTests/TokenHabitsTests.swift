// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import UserAuth
import WireFormats

@testable import postern

struct TokenHabitsTests {
    private static func advice(_ claims: String, _ failure: AuthenticationError, _ configure: (inout Issuer) -> Void = { _ in })
        throws
        -> String?
    {
        let token = [#"{"alg":"RS256"}"#, claims].map { Base64URL.encode($0.utf8) }.joined(separator: ".") + ".AA"
        var issuer = Issuer(pattern: IssuerPattern(exact: "https://id.example"), algorithms: [.rs256], keySource: .jwksFile("k"))
        issuer.audiences = ["uploads"]
        configure(&issuer)
        return TokenHabits(facts: UnverifiedClaims(token, at: Date(timeIntervalSince1970: 0)), declared: [(issuer, "acme")])
            .advice(
                for: failure)
    }

    @Test(arguments: [
        // Cognito's access token, Clerk's session token, Keycloak's token for every client, WorkOS.
        (
            #"{"iss":"https://id.example","client_id":"5bsj","token_use":"access"}"#, AuthenticationError.audienceMissing,
            "write audienceClaim: client_id, audience: [5bsj], claims: {token_use: access}"
        ),
        (
            #"{"iss":"https://id.example","azp":"https://app.example"}"#, .audienceMissing,
            "write authorizedParties: [https://app.example]"
        ),
        (#"{"iss":"https://id.example","aud":"account","azp":"web"}"#, .audienceMismatch, "write authorizedParties: [web]"),
        (#"{"iss":"https://id.example","sub":"u"}"#, .audienceMissing, "a JWT template"),
        // A home-made token, Auth0's slash, Entra's two versions.
        (#"{"user_id":17}"#, .issuerMissing, "simplejwt: ISSUER and AUDIENCE"),
        (
            #"{"iss":"https://acme.eu.auth0.com/"}"#, .issuerUnknown(similar: "https://acme.eu.auth0.com"),
            "write issuer: https://acme.eu.auth0.com/"
        ),
        (#"{"iss":"https://sts.windows.net/x/"}"#, .issuerUnknown(similar: nil), "requestedAccessTokenVersion to 2"),
        (
            #"{"iss":"https://login.microsoftonline.com/x/v2.0"}"#, .issuerUnknown(similar: nil),
            "{tid}/v2.0 with the directories as aliases"
        ),
        // A number as user, Supabase's keys.
        (#"{"iss":"https://id.example","sub":17}"#, .userMalformed, "sub is the number 17"),
        (#"{"iss":"https://id.example","role":"anon"}"#, .userMissing, "the anon key of a Supabase project"),
        (
            #"{"iss":"supabase","role":"service_role"}"#, .issuerUnknown(similar: nil),
            "the service_role key of a Supabase project"
        ),
        (#"{"iss":"https://id.example","role":"anon"}"#, .lifetimeTooLong, "the anon key of a Supabase project"),
    ])
    func `the advice names the habit of the provider`(claims: String, failure: AuthenticationError, text: String) throws {
        let advice = try #require(try Self.advice(claims, failure))
        #expect(advice.contains(text), "\(advice)")
    }

    @Test func `a claim in another JSON type is shown with both types`() throws {
        let advice = try Self.advice(
            #"{"iss":"https://id.example","email_verified":true}"#, .requiredClaimMismatch(claim: "email_verified")
        ) {
            $0.requiredClaims = [RequiredClaim(name: "email_verified", value: .string("true"))]
        }
        #expect(advice == #"The entry requires "true", and 'email_verified' is the boolean true in the token."#)
    }

    @Test func `an ID token for an entry of access tokens says where its client is`() throws {
        let claims = #"{"iss":"https://id.example","aud":"c1","token_use":"id"}"#
        let advice = try Self.advice(claims, .audienceMissing) { $0.audienceClaim = "client_id" }
        #expect(advice?.contains("It has no 'client_id', but 'aud'") == true)
        #expect(advice?.contains("write audience: [c1], claims: {token_use: id} without audienceClaim") == true)
    }

    @Test func `entries without names are told by what they require, and a kind of algorithm is one`() {
        func entry(_ algorithm: Algorithm, _ audience: String) -> (issuer: Issuer, tenant: String?) {
            var issuer = Issuer(
                pattern: IssuerPattern(exact: "https://id.example"), algorithms: [algorithm], keySource: .jwksFile("k"))
            issuer.audiences = [audience]
            return (issuer, "acme")
        }
        let token =
            [#"{"alg":"ES256"}"#, #"{"iss":"https://id.example","aud":"a"}"#].map { Base64URL.encode($0.utf8) }.joined(
                separator: ".")
            + ".AA"
        let facts = UnverifiedClaims(token, at: .distantPast)
        let few = TokenHabits(facts: facts, declared: [entry(.es256, "b"), entry(.hs256, "a"), entry(.es256, "a")])
        #expect(
            few.advice(for: .declarationUnmatched) == """
                The entries of the issuer:
                  entry (aud b, ES256) of the tenant acme: audience-mismatch
                  entry (aud a, HS256) of the tenant acme: algorithm-not-allowed
                  entry (aud a, ES256) of the tenant acme: fits
                """)
        let many = TokenHabits(facts: facts, declared: (0..<1000).map { entry(.es256, "\($0)") }).advice(
            for: .declarationUnmatched)
        #expect(many?.split(separator: "\n").count == 22 && many?.hasSuffix("  and 980 more") == true)
    }

    @Test func `an ordinary token has no habits`() throws {
        let claims = #"{"iss":"https://id.example","aud":"uploads","sub":"u1"}"#
        for failure in [AuthenticationError.expired, .signatureInvalid, .lifetimeTooLong, .userMissing, .audienceMismatch] {
            #expect(try Self.advice(claims, failure) == nil)
        }
    }

    @Test func `an opaque token and an encrypted one are told`() {
        let opaque = TokenHabits(facts: UnverifiedClaims("KBSxkmG-OcpA6-cg", at: .distantPast), declared: []).advice(
            for: .tokenMalformed)
        #expect(opaque?.contains("opaque") == true)
        let header = Base64URL.encode(#"{"alg":"dir","enc":"A256GCM","iss":"https://acme.eu.auth0.com/"}"#.utf8)
        let facts = UnverifiedClaims("\(header)..x.y.z", at: .distantPast).facts
        #expect(facts.map(\.name) == ["token", "alg", "enc", "iss"])
    }
}
