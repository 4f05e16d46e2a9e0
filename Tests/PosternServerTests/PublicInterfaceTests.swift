// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOHTTP1
import Testing
import WireFormats

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct PublicInterfaceTests {
    private static let avatar = #"{"rule": "avatars", "contentType": "image/png", "size": 48213, "user": "u1"}"#

    private func object(_ response: Response) throws -> JSONObject {
        guard case .object(let object) = try JSONValue(parsing: response.bytes) else {
            throw JSONSyntaxProblem()
        }
        return object
    }

    private struct JSONSyntaxProblem: Error {}

    @Test func `a ticket allows the declared size only, and has the right expiration`() async throws {
        let service = try await TestService()
        let response = service.ask(.POST, "/v1/tickets", body: Self.avatar, key: service.key)
        #expect(response.status == 201)
        #expect(response["Cache-Control"] == "no-store")
        let ticket = try object(response)
        #expect(ticket["method"] == .string("POST"))
        #expect(ticket["url"] == .string("https://acme-uploads.s3.eu-west-1.amazonaws.com/"))
        #expect(ticket["fileField"] == .string("file"))
        guard case .number(let low) = ticket["minSize"], case .number(let high) = ticket["maxSize"],
            case .number(let life) = ticket["expiresIn"],
            case .object(let fields) = ticket["fields"], case .string(let key) = ticket["key"],
            case .string(let id) = ticket["id"]
        else {
            Issue.record("a member is missing")
            return
        }
        #expect(low.integer == 48213)
        #expect(high.integer == 48213)
        #expect(life.integer == 300)
        #expect(key == "avatars/u1/\(id).png")
        #expect(fields["key"] == .string(key))
        #expect(fields["bucket"] == .string("acme-uploads"))
        #expect(fields["Content-Type"] == .string("image/png"))
        #expect(fields.members.last?.name == "X-Amz-Signature")
    }

    @Test(arguments: [
        (#"{"#, 400, "malformed-json"),
        (#"[]"#, 400, "invalid-request"),
        (#"{"rule":"avatars","contentType":1}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","user":"u1"}"#, 422, "content-type-not-allowed"),
        (#"{"contentType":"image/png"}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","contentType":"image/png","size":"1","user":"u1"}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","contentType":"image/png","size":1.5,"user":"u1"}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","contentType":"image/png","sise":1,"user":"u1"}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","rule":"avatars","contentType":"image/png","user":"u1"}"#, 400, "malformed-json"),
        (#"{"rule":"avatars","contentType":"image/png","user":"\ud800"}"#, 400, "malformed-json"),
        (#"{"rule":"avatars","contentType":"image/png"}"#, 400, "invalid-request"),
        (#"{"rule":"avatars","contentType":"image/png","user":""}"#, 400, "invalid-request"),
        (#"{"rule":"nothing","contentType":"image/png","user":"u1"}"#, 404, "rule-unknown"),
        (#"{"rule":"avatars","contentType":"image/svg+xml","user":"u1"}"#, 422, "content-type-not-allowed"),
        (#"{"rule":"avatars","contentType":"image/png","size":5242881,"user":"u1"}"#, 422, "size-too-large"),
        (#"{"rule":"avatars","contentType":"image/png","size":0,"user":"u1"}"#, 422, "size-too-small"),
        (#"{"rule":"avatars","contentType":"image/png","metadata":{"a":"b"},"user":"u1"}"#, 422, "metadata-not-allowed"),
    ])
    func `each error has its code`(_ body: String, _ status: Int, _ code: String) async throws {
        let service = try await TestService()
        let response = service.ask(.POST, "/v1/tickets", body: body, key: service.key)
        #expect(response.status == status)
        #expect(response["Content-Type"] == "application/problem+json")
        let problem = try object(response)
        #expect(problem["code"] == .string(code))
        #expect(problem["type"] == .string("urn:postern:problem:\(code)"))
        for member in ["title", "detail", "requestId", "status"] { #expect(problem[member] != nil) }
    }

    @Test(arguments: [
        (#"{"rule":"avatars","contentType":"image/png","sise":1,"user":"u1"}"#, "sise"),
        (#"{"sise":1,"rule":"avatars","contentType":"image/png","user":"u1"}"#, "sise"),
        (#"{"contentType":"image/png","Rule":"avatars"}"#, "Rule"),
    ])
    func `a refused member is named, with those that are allowed`(_ body: String, _ member: String) async throws {
        let service = try await TestService()
        let allowed = [
            "rule", "filename", "contentType", "size", "user", "checksumSHA256", "checksum", "metadata", "parameters", "path",
        ]
        let problem = try object(service.ask(.POST, "/v1/tickets", body: body, key: service.key))
        #expect(problem["detail"] == .string("Unknown member \"\(member)\"."))
        #expect(problem["allowed"] == .array(allowed.map { .string($0) }))
    }

    @Test func `a refused member of a batch is named`() async throws {
        let service = try await TestService()
        let body = #"{"tickets": [\#(Self.avatar)], "more": 1}"#
        let response = service.ask(.POST, "/v1/tickets/batch", body: body, key: service.key)
        #expect(response.status == 400)
        let problem = try object(response)
        #expect(problem["detail"] == .string("Unknown member \"more\"."))
        #expect(problem["allowed"] == .array([.string("tickets")]))
    }

    @Test func `wrong methods, paths and media types are problems`() async throws {
        let service = try await TestService()
        let method = service.ask(.DELETE, "/v1/tickets")
        #expect(method.status == 405)
        #expect(method["Allow"] == "POST")
        #expect(service.ask(.GET, "/nothing").status == 404)
        let media = service.ask(
            .POST, "/v1/tickets", body: "{}", key: service.key, headers: ["Content-Type": "text/plain"])
        #expect(media.status == 415)
        #expect(try object(media)["code"] == .string("unsupported-media-type"))
    }

    @Test func `every 401 has the same body but for the request id`() async throws {
        let service = try await TestService()
        var bodies: Set<String> = []
        for authorization in [nil, "Bearer x", "Basic dTpw", "Bearer pstn.acme.cms.AAAA", "Bearer \(service.key)x"] {
            var headers = HTTPHeaders()
            if let authorization { headers.add(name: "Authorization", value: authorization) }
            let response = service.ask(.POST, "/v1/tickets", body: Self.avatar, headers: headers)
            #expect(response.status == 401)
            // RFC 6750 section 3.1: an error code only if there is a token.
            let hasToken = authorization?.hasPrefix("Bearer") == true
            #expect(response["WWW-Authenticate"] == (hasToken ? #"Bearer error="invalid_token""# : "Bearer"))
            let problem = try object(response)
            bodies.insert(problem.members.filter { $0.name != "requestId" }.map { "\($0)" }.joined())
        }
        #expect(bodies.count == 1)
    }

    @Test func `a batch answers each entry separately`() async throws {
        let service = try await TestService()
        let body = #"{"tickets": [\#(Self.avatar), {"rule": "avatars", "contentType": "text/html", "user": "u1"}, 7]}"#
        let response = service.ask(.POST, "/v1/tickets/batch", body: body, key: service.key)
        #expect(response.status == 200)
        guard case .array(let results) = try object(response)["results"] else {
            Issue.record("no results")
            return
        }
        let statuses = results.map { result -> Int? in
            guard case .object(let entry) = result, case .number(let status) = entry["status"] else { return nil }
            return status.integer
        }
        #expect(statuses == [201, 422, 400])
    }

    @Test(arguments: [0, 101])
    func `a batch has 1 to 100 entries`(_ count: Int) async throws {
        let service = try await TestService()
        let body = #"{"tickets": [\#(Array(repeating: Self.avatar, count: count).joined(separator: ","))]}"#
        let response = service.ask(.POST, "/v1/tickets/batch", body: body, key: service.key)
        #expect(response.status == 400)
    }

    @Test func `an API key is limited to its rules and users`() async throws {
        let service = try await TestService()
        let rules = service.ask(.GET, "/v1/rules", key: service.limitedKey)
        guard case .array(let listed) = try object(rules)["rules"] else {
            Issue.record("no rules")
            return
        }
        #expect(listed.count == 1)
        let other = service.ask(.POST, "/v1/tickets", body: Self.avatar, key: service.limitedKey)
        #expect(try object(other)["code"] == .string("rule-unknown"))
        let stranger = #"{"contentType": "application/pdf", "user": "u2"}"#
        let refused = service.ask(.POST, "/v1/tickets", body: stranger, key: service.limitedKey)
        #expect(try object(refused)["code"] == .string("user-not-allowed"))
        let granted = service.ask(
            .POST, "/v1/tickets", body: #"{"contentType": "application/pdf", "user": "u1"}"#, key: service.limitedKey)
        #expect(granted.status == 201)
    }

    @Test func `the refusal of a limit says when to try again`() async throws {
        let service = try await TestService()
        let body = #"{"rule": "documents", "contentType": "application/pdf"}"#
        for _ in 0..<3 {
            #expect(service.ask(.POST, "/v1/tickets", body: body, key: service.key).status == 201)
        }
        let refused = service.ask(.POST, "/v1/tickets", body: body, key: service.key)
        #expect(refused.status == 429)
        let seconds = try #require(refused["Retry-After"].flatMap { Int($0) })
        // How many exactly is told by RateLimiterTests, where the clock is a parameter.
        #expect((1...1200).contains(seconds))
    }

    @Test func `a request without a ticket does not count towards the limits`() async throws {
        let service = try await TestService()
        for _ in 0..<5 {
            let refused = service.ask(
                .POST, "/v1/tickets", body: #"{"rule": "documents", "contentType": "text/html"}"#, key: service.key)
            #expect(refused.status == 422)
        }
        let body = #"{"rule": "documents", "contentType": "application/pdf"}"#
        for _ in 0..<3 {
            #expect(service.ask(.POST, "/v1/tickets", body: body, key: service.key).status == 201)
        }
    }

    @Test(arguments: ["unknown/unknown", "application/unknown", "text/html", "image/svg+xml", "application/xhtml+xml"])
    func `a wildcard does not allow a type that a browser runs`(_ type: String) async throws {
        let rules = """
              documents:
                keyPrefix: any/
                contentTypes: ["*/*"]
                maxSize: 1MiB
            """
        let service = try await TestService(rules: rules)
        let asked = service.ask(.POST, "/v1/tickets", body: #"{"contentType": "\#(type)"}"#, key: service.key)
        #expect(try object(asked)["code"] == .string("content-type-not-allowed"))
    }

    @Test func `origins are compared exactly and never get credentials`() async throws {
        let service = try await TestService()
        let preflight: HTTPHeaders = ["Origin": "https://app.acme.example", "Access-Control-Request-Method": "POST"]
        let allowed = service.ask(.OPTIONS, "/v1/tickets", headers: preflight)
        #expect(allowed.status == 204)
        #expect(allowed["Access-Control-Allow-Origin"] == "https://app.acme.example")
        #expect(allowed["Access-Control-Allow-Credentials"] == nil)
        #expect(allowed["Vary"] == "Origin")
        for origin in ["https://app.acme.example.evil.example", "https://APP.acme.example", "http://app.acme.example", "null"] {
            let refused = service.ask(
                .OPTIONS, "/v1/tickets", headers: ["Origin": origin, "Access-Control-Request-Method": "POST"])
            #expect(refused.status == 403)
            #expect(refused["Access-Control-Allow-Origin"] == nil)
            let ticket = service.ask(
                .POST, "/v1/tickets", body: Self.avatar, key: service.key, headers: ["Origin": origin])
            #expect(try object(ticket)["code"] == .string("origin-not-allowed"))
        }
    }

    @Test func `no secret is logged`() async throws {
        let service = try await TestService()
        let response = service.ask(.POST, "/v1/tickets", body: Self.avatar, key: service.key)
        guard case .object(let fields) = try object(response)["fields"], case .string(let policy) = fields["Policy"],
            case .string(let signature) = fields["X-Amz-Signature"]
        else {
            Issue.record("no fields")
            return
        }
        _ = service.ask(.POST, "/v1/tickets", body: "{\"canary-body\": 1}", key: service.key)
        _ = service.ask(.POST, "/v1/tickets?canary-query", body: "{}", key: service.key + "x")
        let log = try await service.logText()
        #expect(log.contains("ticket issued"))
        for canary in [
            service.key, TestService.secret, TestService.accessKeyID, policy, signature, "canary-body", "canary-query",
        ] {
            #expect(!log.contains(canary))
        }
    }
}
