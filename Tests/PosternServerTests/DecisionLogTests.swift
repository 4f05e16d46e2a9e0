// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import Logging
import NIOHTTP1
import PosternTestSupport
import RuleFiles
import Testing
import UserAuth
import WireFormats

@testable import HTTPServer
@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct DecisionLogTests {
    private func text(_ line: JSONObject?, _ member: String) -> String? {
        guard case .string(let text) = line?[member] else { return nil }
        return text
    }

    @Test func `a ticket's line says who may upload what, until when, and which key signed`() async throws {
        let service = try await TestService()
        let body = #"{"rule": "avatars", "contentType": "image/png", "size": 7, "user": "u1"}"#
        let response = service.ask(.POST, "/v1/tickets", body: body, key: service.key, at: .january2027)
        let ticket = try response.object()
        let lines = try await service.logLines()
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(
            line.members.map(\.name)
                == [
                    "time", "level", "message", "requestId", "peer", "ticket", "tenant", "rule", "apiKey", "bucket", "key",
                    "contentType", "minSize", "maxSize", "expiresAt", "accessKeySuffix", "generation",
                ])
        #expect(text(line, "time") == "2027-01-15T08:00:00.000Z" && text(line, "message") == "ticket issued")
        #expect(line["ticket"] == ticket["id"] && line["key"] == ticket["key"] && line["expiresAt"] == ticket["expiresAt"])
        #expect(text(line, "apiKey") == "cms" && text(line, "tenant") == "acme" && text(line, "peer") == "-")
        #expect(text(line, "accessKeySuffix") == String(TestService.accessKeyID.suffix(4)))
        #expect(text(line, "requestId") == response["X-Request-Id"])
    }

    @Test func `a refusal names the rule only if it exists`() async throws {
        let service = try await TestService()
        for rule in ["avatars", "canary-rule"] {
            let body = #"{"rule": "\#(rule)", "contentType": "text/html", "user": "u1"}"#
            _ = service.ask(.POST, "/v1/tickets", body: body, key: service.key)
        }
        let lines = try await service.logLines()
        #expect(lines.map { text($0, "message") } == ["ticket refused", "ticket refused"])
        #expect(lines.map { text($0, "code") } == ["content-type-not-allowed", "rule-unknown"])
        #expect(lines.map { text($0, "rule") } == ["avatars", nil])
        #expect(lines.map { text($0, "level") } == ["info", "info"])
        #expect(lines.map { text($0, "declaredType") } == ["text/html", "text/html"])
        #expect(lines.map { $0["declaredSize"] } == [nil, nil])
    }

    @Test func `what was declared is logged, unless it is no content type`() async throws {
        let service = try await TestService()
        for type in ["Image/GIF; a=canary", "canary"] {
            let body = #"{"rule": "avatars", "contentType": "\#(type)", "size": 7, "user": "u1"}"#
            _ = service.ask(.POST, "/v1/tickets", body: body, key: service.key)
        }
        let lines = try await service.logLines()
        #expect(lines.map { text($0, "declaredType") } == ["image/gif", nil])
        #expect(lines.map { $0["declaredSize"]?.integer } == [7, 7])
    }

    @Test func `of a tenant's refusals a hundred are logged at once, and ten a second`() async throws {
        let service = try await TestService()
        func refuse(_ count: Int, at date: Date, body: String = #"{"rule": "none"}"#) {
            for _ in 0..<count { _ = service.ask(.POST, "/v1/tickets", body: body, key: service.key, at: date) }
        }
        refuse(150, at: .january2027)
        refuse(15, at: .january2027 + 1)
        refuse(1, at: .january2027 + 2, body: "{")
        // Others are not affected.
        _ = service.ask(.GET, "/nothing", at: .january2027 + 1)
        let lines = try await service.logLines()
        #expect(lines.count == 112)
        #expect(lines.compactMap { $0["unloggedBefore"]?.integer } == [50, 5])
        #expect(lines.suffix(2).map { text($0, "message") } == ["request refused", "request refused"])
        #expect(lines.suffix(2).map { text($0, "tenant") } == ["acme", nil])
        #expect(lines.suffix(2).map { text($0, "apiKey") } == ["cms", nil])
    }

    @Test func `of the refusals without authentication a hundred are logged at once, and twenty a second`() async throws {
        let service = try await TestService()
        for _ in 0..<150 { _ = service.ask(.GET, "/nothing", at: .january2027 - 2) }
        for _ in 0..<27 { _ = service.ask(.GET, "/nothing", at: .january2027 - 1) }
        // Requests that their connections rejected are among them. This one is at `january2027`.
        _ = service.respond(to: .timedOut(seconds: 9), headers: nil, peer: nil)
        let lines = try await service.logLines()
        #expect(lines.count == 121 && text(lines.last, "code") == "request-timeout")
        #expect(lines.compactMap { $0["unloggedBefore"]?.integer } == [50, 7])
        #expect(lines[100]["unloggedBefore"]?.integer == 50 && lines[120]["unloggedBefore"]?.integer == 7)
    }

    @Test func `of the refusals of all tenants a thousand are logged at once, and a hundred a second`() async throws {
        let service = try await TestService()
        var random = SystemRandomNumberGenerator()
        var keys: [String] = []
        for number in 0..<12 {
            let made = try #require(APIKey.generate(tenant: "t\(number)", id: "cms", random: &random))
            keys.append(made.key)
            let text = TestService.acme(keys: ["- {id: cms, sha256: \(made.sha256Hex)}"])
            try service.folder.write(
                text.replacing("tenant: acme", with: "tenant: t\(number)").replacing("acme-uploads", with: "t\(number)-uploads"),
                to: "t\(number).yaml")
        }
        service.reload()
        try #require(service.state.current.tenants.count == 13)
        func refuse(_ count: Int, at date: Date) {
            for key in keys {
                for _ in 0..<count { _ = service.ask(.POST, "/v1/tickets", body: #"{"rule": "none"}"#, key: key, at: date) }
            }
        }
        refuse(100, at: .january2027)
        #expect(try await service.logLines().count == 1000)
        refuse(10, at: .january2027 + 1)
        let lines = try await service.logLines()
        #expect(lines.count == 1100)
        #expect(lines.allSatisfy { text($0, "code") == "rule-unknown" && $0["unloggedBefore"] == nil })
        refuse(1, at: .january2027 + 2)
        // The last two tenants were not logged before.
        #expect(try await service.logLines().compactMap { $0["unloggedBefore"]?.integer } == [110, 110])
    }

    @Test func `a refusal before a tenant is known has the check that failed, and is logged once`() async throws {
        let service = try await TestService()
        _ = service.ask(.POST, "/v1/tickets", body: "{}", key: "pstn.acme.cms.AAAA")
        _ = service.ask(.GET, "/nothing")
        let lines = try await service.logLines()
        #expect(lines.map { text($0, "message") } == ["request refused", "request refused"])
        #expect(lines.map { text($0, "code") } == ["unauthenticated", "not-found"])
        #expect(text(lines.first, "reason") == AuthenticationError.apiKeyMalformed.reason)
        #expect(text(lines.last, "reason") == nil)
    }

    @Test func `of an unexpected error only the type is logged, as an error`() async throws {
        struct CanaryError: Error { var secret = "canary-secret" }
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "log")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let sink = LogSink(descriptor: file.fileDescriptor)
        let service = try await TestService()
        let info = RequestInfo(
            snapshot: service.state.current, time: .january2027, requestID: "r1",
            client: ClientAddress(connection: nil, forwardedFor: [], trusted: []))
        DecisionLog(sink: sink, format: .text, threshold: LogThreshold(.info)).recordRefusal(
            .internalError, cause: CanaryError(), of: info, nil)
        let credentialError = CredentialError.unavailable("the provider is down")
        DecisionLog(sink: sink, format: .text, threshold: LogThreshold(.error))
            .recordRefusal(ProblemDetails(credentialError), cause: credentialError, of: info, nil)
        // Below the level: neither is written.
        let quiet = DecisionLog(sink: sink, format: .text, threshold: LogThreshold(.warning))
        quiet.recordRefusal(
            ProblemDetails(.notFound, detail: "canary"), cause: ProblemDetails(.notFound, detail: ""), of: info, nil)
        quiet.recordRejection(
            ProblemDetails(Rejection.tooManyConnections), requestID: "r2", peer: "-", trace: nil, at: .january2027)
        try await onOwnThread { sink.flush(milliseconds: 600_000) }
        let lines = String(decoding: try #require(folder.content("log")), as: UTF8.self).split(separator: "\n")
        #expect(
            lines == [
                "2027-01-15T08:00:00.000Z ERROR request refused requestId=r1 peer=- code=internal-error error=CanaryError",
                "2027-01-15T08:00:00.000Z ERROR request refused requestId=r1 peer=- code=credentials-unavailable reason=\"\(credentialError)\"",
            ])
    }

    @Test(arguments: [(Logger.Level.debug, 1), (.info, 1), (.notice, 0), (.warning, 0)])
    func `a rejection is logged at the level info`(level: Logger.Level, count: Int) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "log")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let sink = LogSink(descriptor: file.fileDescriptor)
        DecisionLog(sink: sink, format: .text, threshold: LogThreshold(level))
            .recordRejection(
                ProblemDetails(Rejection.tooManyConnections), requestID: "r1", peer: "-", trace: nil, at: .january2027)
        try await onOwnThread { sink.flush(milliseconds: 600_000) }
        let lines = String(decoding: try #require(folder.content("log")), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == count && lines.allSatisfy { $0.contains(" INFO request refused requestId=r1 ") })
    }

    @Test func `a request that its connection rejected is logged with the reason`() async throws {
        let service = try await TestService()
        let peer = try #require(PeerAddress("203.0.113.9"))
        let response = service.respond(to: .timedOut(seconds: 9), headers: nil, peer: peer)
        #expect(response.status == 408)
        let line = try #require(try await service.logLines().first)
        #expect(text(line, "code") == "request-timeout" && text(line, "peer") == "203.0.113.9")
        #expect(text(line, "requestId") == response["X-Request-Id"])
        #expect(text(line, "reason")?.contains("9 s") == true)
    }
}
