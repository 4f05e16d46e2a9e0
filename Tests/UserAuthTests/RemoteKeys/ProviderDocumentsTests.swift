// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

/// Discovery documents and key sets in the form in which identity providers publish them.
struct ProviderDocumentsTests {
    private static let key = SigningKey.es256()

    @Test(arguments: [
        ("https://acme.eu.auth0.com/", "https://acme.eu.auth0.com/.well-known/jwks.json"),
        ("https://acme.okta.com/oauth2/default", "https://acme.okta.com/oauth2/default/v1/keys"),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC/.well-known/jwks.json"
        ),
        (
            "https://login.microsoftonline.com/3f2504e0-4f89-41d3-9a0c-0305e82c3301/v2.0",
            "https://login.microsoftonline.com/3f2504e0-4f89-41d3-9a0c-0305e82c3301/discovery/v2.0/keys"
        ),
        // The set of v1.0 is on another host than the issuer.
        (
            "https://sts.windows.net/3f2504e0-4f89-41d3-9a0c-0305e82c3301/",
            "https://login.microsoftonline.com/common/discovery/keys"
        ),
        ("https://id.acme.example/realms/app", "https://id.acme.example/realms/app/protocol/openid-connect/certs"),
        ("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"),
        (
            "https://securetoken.google.com/acme-project",
            "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
        ),
        ("https://abc.supabase.co/auth/v1", "https://abc.supabase.co/auth/v1/.well-known/jwks.json"),
        ("https://clerk.acme.example", "https://clerk.acme.example/.well-known/jwks.json"),
        ("https://appleid.apple.com", "https://appleid.apple.com/auth/keys"),
        ("https://kubernetes.default.svc.cluster.local", "https://172.18.0.2:6443/openid/v1/jwks"),
    ])
    func `the keys are found where the provider's document says`(issuer: String, keys: String) async throws {
        let provider = KeyProvider(
            .keys(Self.key.jwk()),
            discovery: .text(#"{"issuer":"\#(issuer)","jwks_uri":"\#(keys)","id_token_signing_alg_values_supported":["RS256"]}"#))
        let fetched = try await provider.fetcher(issuer: issuer, endpoint: .discovery, authorities: "/ca.pem").fetch()
        #expect(fetched.set.keyIDs == ["k1"])
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        #expect(provider.requests.map(\.url) == [base + "/.well-known/openid-configuration", keys])
        #expect(provider.requests.allSatisfy { $0.authorities == "/ca.pem" })
    }

    @Test(arguments: [
        ("https://acme.eu.auth0.com", "https://acme.eu.auth0.com/", "final slash"),
        ("https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0", "{tid}/v2.0"),
        (
            "https://login.microsoftonline.com/organizations/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0",
            "{tid}/v2.0"
        ),
    ])
    func `a document for another issuer is refused before its keys are fetched`(issuer: String, told: String, piece: String) async
    {
        let provider = KeyProvider(
            .keys(Self.key.jwk()), discovery: .text(#"{"issuer":"\#(told)","jwks_uri":"https://id.example/k"}"#))
        let error = await #expect(throws: KeyFetchError.self) {
            try await provider.fetcher(issuer: issuer, endpoint: .discovery).fetch()
        }
        #expect(error?.reason == .issuerMismatch && error?.description.contains(piece) == true)
        #expect(provider.requests.count == 1)
    }

    private static func rsa(_ key: RSATestKey, _ members: String) -> String {
        #"{"kty":"RSA","n":"\#(key.modulus)","e":"AQAB",\#(members)}"#
    }

    @Test func `Keycloak's key for encryption is skipped, and no operator is told`() async throws {
        let keys = [
            Self.rsa(.first, #""kid":"enc","alg":"RSA-OAEP","use":"enc","x5c":["MIIC"],"x5t":"x","x5t#S256":"x""#),
            Self.rsa(.second, #""kid":"sig","alg":"RS256","use":"sig","x5c":["MIIC"],"x5t":"x","x5t#S256":"x""#),
        ]
        let set = try KeySet(jwks: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), algorithms: [.rs256])
        #expect(set.keyIDs == ["sig"])
        #expect(set.skipped.map(\.reason) == [.forEncryption] && set.skipped.allSatisfy(\.isExpected))
        let other = try KeySet(
            jwks: Array("{\"keys\":[\(Self.rsa(.first, #""kid":"x","alg":"RSA-OAEP""#)),\(keys[1])]}".utf8), algorithms: [.rs256])
        #expect(other.skipped.map(\.reason) == [.algorithmUnsupported] && !other.skipped.contains(where: \.isExpected))
    }

    @Test func `the status lists every skipped key, and apart those that an operator should know of`() async throws {
        let scene = RemoteScene(
            .keys(Self.key.jwk(), Self.rsa(.first, #""kid":"enc","use":"enc""#), #"{"kty":"AKP","kid":"new"}"#))
        await scene.refresh()
        #expect(scene.status.skipped.count == 2)
        #expect(scene.status.unexpected.count == 1 && scene.status.unexpected.first?.contains("new") == true)
    }

    @Test func `Entra's keys have no alg, and an issuer each`() throws {
        let members = #""use":"sig","x5t":"x","x5c":["MIIC"]"#
        let keys = [
            Self.rsa(.first, #"\#(members),"kid":"a","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0""#),
            Self.rsa(.second, #"\#(members),"kid":"b","issuer":"https://login.microsoftonline.com/9188040d/v2.0""#),
        ]
        let set = try KeySet(jwks: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), algorithms: [.rs256])
        #expect(set.keyIDs == ["a", "b"] && set.skipped.isEmpty)
        #expect(set.keys.map { $0.issuer?.matches("https://login.microsoftonline.com/3f2504e0/v2.0") } == [true, false])
        #expect(set.keys.map { $0.issuer?.matches("https://login.microsoftonline.com/9188040d/v2.0") } == [true, true])
    }

    @Test func `Apple's set has several keys`() throws {
        let keys = [RSATestKey.first, .second].enumerated().map { Self.rsa($1, #""kid":"k\#($0)","use":"sig","alg":"RS256""#) }
        let set = try KeySet(jwks: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), algorithms: [.rs256])
        #expect(set.keyIDs == ["k0", "k1"] && set.skipped.isEmpty)
    }
}
