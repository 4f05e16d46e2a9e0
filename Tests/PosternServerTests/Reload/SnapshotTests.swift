// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOHTTP1
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import PosternServer

/// What lives on from one snapshot to the next, and what must not.
@Suite(.timeLimit(.minutes(5)))
struct SnapshotTests {
    private static let other = """
        tenant: other
        store: {bucket: other-uploads, region: eu-west-1}
        auth: {apiKeys: [{id: cms, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]}
        rules: {a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}}
        """

    private let document = #"{"rule": "documents", "contentType": "application/pdf"}"#
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func ask(_ service: TestService, key: String? = nil) -> Int {
        service.ask(.POST, "/v1/tickets", body: document, key: key ?? service.key).status
    }

    // MARK: Tenants

    @Test func `a tenant whose file has not changed is the same object`() async throws {
        let service = try await TestService()
        let before = try #require(service.state.current.tenants.first)
        let change = try #require(try service.edit("other.yaml", Self.other)?.next)
        #expect(change.added == ["other"] && change.changed == [] && change.removed == [])
        let current = service.state.current
        #expect(current.tenants.map(\.tenant.id) == ["acme", "other"] && current.tenants[0] === before)
        #expect(current.generation == 2)
        try service.edit("other.yaml", nil)
        #expect(service.state.current.tenants.map(\.tenant.id) == ["acme"] && service.state.current.tenants[0] === before)
    }

    @Test func `limits and counts of a changed tenant go on`() async throws {
        let service = try await TestService()
        for _ in 0..<3 { #expect(ask(service) == 201) }
        #expect(ask(service) == 429)
        try service.edit(
            "acme.yaml", TestService.acme(keys: service.keyLines, rules: TestService.rules.replacing("5MiB", with: "6MiB")))
        #expect(service.state.current.generation == 2 && ask(service) == 429)
        #expect(service.metricsText().contains(#"postern_tickets_issued_total{tenant="acme",rule="documents"} 3"#))
        // A rule that comes back has its count again.
        let avatars = TestService.rules.components(separatedBy: "  documents:")[0]
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines.prefix(1).map(\.self), rules: avatars))
        #expect(!service.metricsText().contains(#"rule="documents""#) && ask(service) == 404)
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines))
        #expect(ask(service) == 201, "without limits nothing was remembered")
        #expect(service.metricsText().contains(#"postern_tickets_issued_total{tenant="acme",rule="documents"} 4"#))
    }

    @Test func `a rule, an origin and an API key are refused as soon as they are removed`() async throws {
        let service = try await TestService()
        let preflight: HTTPHeaders = ["Origin": "https://app.acme.example", "Access-Control-Request-Method": "POST"]
        let fields: HTTPHeaders = ["Origin": "https://app.acme.example"]
        let first = try #require(service.ask(.GET, "/v1/rules", key: service.key, headers: fields)["postern-rules"])
        #expect(first == service.state.current.book.digest)
        #expect(service.ask(.OPTIONS, "/v1/tickets", headers: preflight).status == 204)
        let avatar = #"{"rule": "avatars", "contentType": "image/png", "user": "u1"}"#
        #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
        let text = TestService.acme(
            keys: Array(service.keyLines.dropLast()), rules: TestService.rules.replacing("avatars:", with: "pictures:"),
            origins: "https://new.acme.example")
        #expect(service.ask(.GET, "/v1/rules", key: service.limitedKey).status == 200)
        try service.edit("acme.yaml", text)
        let refused = service.ask(.GET, "/v1/rules", key: service.limitedKey)
        #expect(refused.status == 401)
        #expect(refused["postern-rules"] == service.state.current.book.digest && refused["postern-rules"] != first)
        #expect(service.ask(.OPTIONS, "/v1/tickets", headers: preflight).status == 403)
        #expect(service.ask(.GET, "/v1/rules", key: service.key, headers: fields).status == 403)
        let removed = service.ask(.POST, "/v1/tickets", body: avatar, key: service.key)
        #expect(try removed.status == 404 && removed.object()["code"] == .string("rule-unknown"))
        #expect(ask(service) == 201)
    }

    @Test func `responses that no rules decide do not name any`() async throws {
        let service = try await TestService()
        for path in ["/healthz", "/openapi.yaml"] { #expect(service.ask(.GET, path)["postern-rules"] == nil) }
        for (method, path) in [(HTTPMethod.GET, "/v1/rules"), (.POST, "/v1/tickets/batch"), (.GET, "/none")] {
            #expect(service.ask(method, path)["postern-rules"] == service.state.current.book.digest)
        }
        #expect(service.respond(to: .bodyTooLarge(limit: 1), headers: [:], peer: nil)["postern-rules"] != nil)
        #expect(service.respond(to: .bodyTooLarge(limit: 1), headers: nil, peer: nil)["postern-rules"] == nil)
    }

    @Test func `the last use of an API key is remembered`() async throws {
        let service = try await TestService()
        #expect(ask(service) == 201)
        try service.edit("other.yaml", Self.other)
        #expect(service.metricsText().contains(#"postern_api_key_last_used_timestamp_seconds{tenant="acme",key="cms"}"#))
    }

    @Test func `credentials of a source that is still used live on`() async throws {
        let service = try await TestService()
        let before = try #require(service.state.current.credentials.sources.first)
        let new = try #require(
            try service.edit(
                "other.yaml",
                Self.other.replacing("eu-west-1}", with: "eu-west-1, credentials: {env: OTHER}}"))?.next)
        #expect(new.newSources.count == 1)
        #expect(service.state.current.credentials.sources.count == 2 && service.state.current.credentials.sources[0] === before)
        #expect(ask(service) == 201)
        try service.edit("other.yaml", nil)
        #expect(service.state.current.credentials.sources.count == 1 && service.state.current.credentials.sources[0] === before)
    }

    // MARK: Issuers and keys

    private func signer(_ name: String = "key.pem") throws -> TokenSigner {
        let signer = try #require(TokenSigner.generate(.es256))
        try folder.write(try #require(signer.publicPEM), to: name)
        return signer
    }

    private func issuer(audience: String = "uploads", keys: String? = nil, more: String = "") -> String {
        let keys = keys ?? "{pemFile: \(folder.path)/key.pem}"
        return "{issuer: https://id.example, audience: \(audience), algorithms: [ES256], keys: \(keys)\(more)}"
    }

    private func token(_ signer: TokenSigner) throws -> String {
        let payload = JSONWriter.object { json in
            json.member("iss", "https://id.example")
            json.member("aud", ["uploads", "b"])
            json.member("sub", "u1")
            json.member("iat", 1_800_000_000)
            json.member("exp", 1_800_000_600)
        }
        return try #require(signer.token(payload: payload, keyID: nil))
    }

    private func status(_ service: TestService, _ token: String) -> Int {
        service.ask(.GET, "/v1/rules", key: token, at: .january2027).status
    }

    @Test func `a cached token is refused after its issuer is removed, changed or ambiguous, and only then`() async throws {
        let token = try token(signer())
        let service = try await TestService(issuers: [issuer()])
        func edit(_ issuers: [String]) throws {
            try service.edit("acme.yaml", TestService.acme(issuers: issuers, keys: service.keyLines))
        }
        func hits() -> Int { service.state.current.authenticator.cacheStatistics.hits }
        #expect(status(service, token) == 200 && status(service, token) == 200 && hits() == 1)
        try service.edit("other.yaml", Self.other)
        #expect(status(service, token) == 200 && hits() == 2)
        try service.edit(
            "acme.yaml",
            TestService.acme(
                issuers: [issuer()], keys: service.keyLines, rules: TestService.rules.replacing("5MiB", with: "6MiB")))
        #expect(service.state.current.generation == 3 && status(service, token) == 200 && hits() == 3)
        try edit([issuer(audience: "c")])
        #expect(status(service, token) == 401)
        try edit([issuer()])
        #expect(status(service, token) == 200 && status(service, token) == 200)
        try edit([issuer(), issuer(audience: "b")])
        #expect(status(service, token) == 401, "it fits both")
        try edit([])
        #expect(status(service, token) == 401)
        #expect(service.state.current.authenticator.cacheStatistics.misses > 3, "the cache is the same one")
    }

    @Test func `a key file that is replaced changes the keys, and one that cannot be used does not`() async throws {
        let (old, path) = (try signer(), "\(folder.path)/key.pem")
        let service = try await TestService(issuers: [issuer()])
        let token = try token(old)
        #expect(status(service, token) == 200)
        let digest = service.state.current.book.digest
        try folder.write("half a k", to: "key.pem")
        let held = try #require(service.reload())
        #expect(held.next == nil && held.heldBack.map(\.file) == [path] && held.heldBack[0].isServed)
        #expect(
            held.heldBack[0].problems.map(\.message) == [
                "it is not PEM: it must have -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----, and the END line of each block"
            ])
        #expect(status(service, token) == 200)
        let new = try signer()
        let change = try #require(service.reload())
        #expect(change.heldBack == [] && change.next != nil)
        #expect(service.state.current.generation == 2 && service.state.current.book.digest == digest)
        #expect(status(service, token) == 401)
        #expect(try status(service, self.token(new)) == 200)
        try FileManager.default.removeItem(atPath: path)
        #expect(service.reload()?.heldBack.first?.problems.map(\.message) == ["there is no such file or folder"])
        #expect(try status(service, self.token(new)) == 200)
    }

    @Test func `rules with a key file that cannot be used are held back until it can`() async throws {
        let service = try await TestService()
        let path = "\(folder.path)/key.pem"
        let change = try #require(
            try service.edit("acme.yaml", TestService.acme(issuers: [issuer()], keys: Array(service.keyLines.dropFirst()))))
        #expect(change.next == nil && change.heldBack.map(\.tenant) == ["acme"] && ask(service) == 201)
        let problem = try #require(change.heldBack.first?.problems.first)
        #expect(
            problem.message == "keys of issuer https://id.example: \(path): there is no such file or folder" && problem.line == 5)
        let token = try token(signer())
        let next = try #require(service.reload())
        #expect(next.next?.changed == ["acme"] && next.heldBack == [])
        #expect(status(service, token) == 200 && ask(service) == 401)
    }

    @Test func `key sets that are fetched live on while some declaration has them`() async throws {
        let remote = "{jwks: \"http://127.0.0.1:1/keys\"}"
        let service = try await TestService(issuers: [issuer(keys: remote)])
        let keys = try #require(service.state.current.issuers.remote.first)
        let change = try #require(
            try service.edit(
                "acme.yaml", TestService.acme(issuers: [issuer(audience: "c", keys: remote)], keys: service.keyLines))?.next)
        #expect(change.newSources.isEmpty)
        #expect(service.state.current.issuers.remote.count == 1 && service.state.current.issuers.remote[0] === keys)
        let other = "{jwks: \"http://127.0.0.1:1/other\"}"
        let next = try #require(
            try service.edit("acme.yaml", TestService.acme(issuers: [issuer(keys: other)], keys: service.keyLines))?.next)
        #expect(next.newSources.count == 1 && service.state.current.refreshed.allSatisfy { $0 !== keys })
    }
}
