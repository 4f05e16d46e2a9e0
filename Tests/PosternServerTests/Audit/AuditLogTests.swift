// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import Logging
import NIOHTTP1
import PosternTestSupport
import RuleFiles
import SystemPackage
import Testing
import WireFormats

@testable import PosternServer

/// What the audit log says of tickets and refusals.
@Suite(.timeLimit(.minutes(5)))
struct AuditLogTests {
    private let folder: TemporaryFolder
    private let path: String
    private let avatar =
        #"{"rule":"avatars","filename":"me.png","contentType":"image/png","size":48213,"user":"ann@example.com"}"#

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/audit.jsonl"
    }

    private func audit(
        _ users: AuditUsers = .plain, calls: AuditDestination.SystemCalls = .init(), log: LogRecorder = LogRecorder()
    ) throws -> AuditLog {
        let destination = AuditDestination(path, isSynchronous: false, calls: calls)
        return AuditLog(try AuditWriter(destination), users, logger: log.logger())
    }

    /// A disk that can be filled.
    private func disk(_ isFull: Switch) -> AuditDestination.SystemCalls {
        var calls = AuditDestination.SystemCalls()
        let system = calls.write
        calls.write = { descriptor, bytes throws(Errno) in
            if isFull.isOn { throw .noSpace }
            return try system(descriptor, bytes)
        }
        return calls
    }

    private func lines() throws -> [[String: Any]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func `each ticket has a line that says who, what and under which rules, and no secret`() async throws {
        let audit = try audit()
        let service = try await TestService(audit: audit)
        let response = service.ask(.POST, "/v1/tickets", body: avatar, key: service.key, headers: ["Traceparent": Self.trace])
        #expect(response.status == 201)
        let line = try #require(try lines().first)
        #expect(try lines().count == 1)
        let ticket = try #require(try JSONSerialization.jsonObject(with: Data(response.bytes)) as? [String: Any])
        let expected: [String: String] = [
            "event": "ticket", "ticket": ticket["id"] as? String ?? "", "tenant": "acme", "user": "ann@example.com",
            "apiKey": "cms", "rule": "avatars", "declaredType": "image/png", "method": "POST", "bucket": "acme-uploads",
            "key": ticket["key"] as? String ?? "", "contentType": "image/png",
            "expiresAt": ticket["expiresAt"] as? String ?? "", "accessKeySuffix": "KEY0",
            "digest": service.state.current.book.digest, "requestId": response["x-request-id"] ?? "",
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "peer": "-",
        ]
        for (name, value) in expected { #expect(line[name] as? String == value, "\(name)") }
        for (name, value) in ["declaredSize": 48213, "minSize": 48213, "maxSize": 48213, "generation": 1] {
            #expect(line[name] as? Int == value, "\(name)")
        }
        #expect(Set(line.keys) == Set(expected.keys).union(["time", "declaredSize", "minSize", "maxSize", "generation"]))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let fields = try #require(ticket["fields"] as? [String: String])
        for secret in [
            service.key, TestService.secret, TestService.accessKeyID, fields["policy"], fields["Policy"],
            fields["X-Amz-Signature"],
        ] {
            if let secret { #expect(!text.contains(secret)) }
        }
    }

    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a batch has a line for each ticket and each refusal`() async throws {
        let service = try await TestService(audit: try audit())
        let wrong = avatar.replacing("image/png", with: "text/html")
        let response = service.ask(
            .POST, "/v1/tickets/batch", body: "{\"tickets\":[\(avatar),\(wrong),\(avatar)]}", key: service.key)
        #expect(response.status == 200)
        let lines = try lines()
        #expect(lines.compactMap { $0["event"] as? String }.sorted() == ["refusal", "ticket", "ticket"])
        #expect(Set(lines.map { $0["requestId"] as? String }).count == 1)
        let refusal = lines.first { $0["event"] as? String == "refusal" }
        #expect(refusal?["code"] as? String == "content-type-not-allowed" && refusal?["declaredType"] as? String == "text/html")
        #expect(refusal?["rule"] as? String == "avatars" && refusal?["user"] as? String == "ann@example.com")
    }

    @Test func `a refusal's line has nothing that could be a secret of the client`() async throws {
        let audit = try audit()
        let service = try await TestService(audit: audit)
        for member in ["rule", "filename", "contentType"] {
            _ = service.ask(.POST, "/v1/tickets", body: "{\"\(member)\":\"\(service.key)\"}", key: service.key)
        }
        _ = service.ask(.POST, "/v1/tickets", body: service.key, key: service.key)
        _ = service.ask(.POST, "/v1/tickets", body: avatar, key: service.key + "x")
        audit.stop(at: .now)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 4, "strangers are not audited: \(text)")
        #expect(!text.contains(service.key.suffix(20)))
    }

    @Test func `without a line there is no ticket, and the service recovers by itself`() async throws {
        let isFull = Switch()
        let audit = try audit(calls: disk(isFull))
        let service = try await TestService(audit: audit)
        isFull.isOn = true
        let response = service.ask(
            .POST, "/v1/tickets", body: avatar, key: service.key, headers: ["Origin": "https://app.acme.example"])
        #expect(response.status == 503 && response["retry-after"] == "5")
        #expect(response["access-control-allow-origin"] == "https://app.acme.example")
        #expect(String(decoding: response.bytes, as: UTF8.self).contains("\"code\":\"audit-unavailable\""))
        // A batch is refused as a whole. What was not sent does not count as issued.
        #expect(
            service.ask(.POST, "/v1/tickets/batch", body: "{\"tickets\":[\(avatar),\(avatar)]}", key: service.key).status == 503)
        func decisions() -> DecisionCounts.OfRule? { service.state.current.tenants[0].decisions.first { $0.rule == "avatars" } }
        #expect(decisions() == .init(rule: "avatars", refusals: [.auditUnavailable: 3]))
        #expect(service.metrics.snapshot().decisions.tickets == 0)
        #expect(service.ask(.GET, "/v1/rules", key: service.key).status == 200)
        #expect(service.ask(.POST, "/v1/tickets", body: "{", key: service.key).status == 400)
        // Its line is dropped by the writer's thread.
        while audit.status.dropped == 0 { await Task.yield() }
        let readiness = Readiness(state: service.state, connections: service.connections, audit: audit)
        readiness.beginListening()
        let report = readiness.report(at: .now)
        #expect(!report.isReady && report.reasons.first?.contains("No space left on device") ?? false)
        audit.upkeep(at: .now)
        isFull.isOn = false
        // The line about the gap is tried until it can be written.
        while audit.status.problem != nil { audit.upkeep(at: .now) }
        #expect(readiness.report(at: .now).isReady)
        #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
        #expect(
            service.ask(.POST, "/v1/tickets/batch", body: "{\"tickets\":[\(avatar),\(avatar)]}", key: service.key).status == 200)
        #expect(decisions()?.tickets == 3 && service.metrics.snapshot().decisions.tickets == 3)
        audit.stop(at: .now)
        let lines = try lines()
        #expect(lines.compactMap { $0["event"] as? String } == ["gap", "ticket", "ticket", "ticket"])
        #expect(lines.first?["failedRequests"] as? Int == 2)
    }

    @Test func `what is not sent for want of a line counts against no limit, and is logged`() async throws {
        let isFull = Switch()
        let service = try await TestService(audit: try audit(calls: disk(isFull)))
        let limited = #"{"rule":"documents","filename":"a.pdf","contentType":"application/pdf","size":1,"user":"ann"}"#
        isFull.isOn = true
        for _ in 0..<5 { #expect(service.ask(.POST, "/v1/tickets", body: limited, key: service.key).status == 503) }
        isFull.isOn = false
        for _ in 0..<3 { #expect(service.ask(.POST, "/v1/tickets", body: limited, key: service.key).status == 201) }
        #expect(service.ask(.POST, "/v1/tickets", body: limited, key: service.key).status == 429)
        let lines = try await service.logLines()
        #expect(lines.compactMap { $0["code"]?.string } == Array(repeating: "audit-unavailable", count: 5) + ["rate-limited"])
        #expect(lines.first?["tenant"]?.string == "acme" && lines.first?["rule"]?.string == "documents")
        #expect(lines.first?["reason"]?.string?.hasSuffix("No space left on device") ?? false)
        #expect(lines.allSatisfy { $0["message"]?.string != "ticket issued" })
    }

    @Test func `the line about a gap is written although tickets come all the time`() async throws {
        let isFull = Switch()
        let audit = try audit(calls: disk(isFull))
        let service = try await TestService(audit: audit)
        isFull.isOn = true
        #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 503)
        audit.upkeep(at: .now)
        // The line about the gap has failed too. A ticket's line shows that the disk has room again, before upkeep does.
        while audit.status.hasProbe { await Task.yield() }
        isFull.isOn = false
        #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
        #expect(audit.status.problem == nil && audit.status.probes == 0)
        audit.upkeep(at: .now)
        audit.stop(at: .now)
        #expect(try lines().compactMap { $0["event"] as? String } == ["ticket", "gap"])
        #expect(audit.status.written == 1 && audit.status.probes == 1, "the line about the gap is no decision")
        #expect(try lines().last?["failedRequests"] as? Int == 1)
    }

    @Test func `a gap between two looks is told, and each failed request once`() async throws {
        let isFull = Switch()
        let audit = try audit(calls: disk(isFull))
        let service = try await TestService(audit: audit)
        audit.upkeep(at: .january2027)
        for (count, second) in [(2, 1), (3, 2)] {
            isFull.isOn = true
            for _ in 0..<count { #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 503) }
            isFull.isOn = false
            #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
            // The second one comes before anything has seen that the line about the first one is written.
            audit.upkeep(at: .january2027 + Double(second))
            while audit.status.hasProbe { await Task.yield() }
        }
        // Looks without a failure write nothing more.
        for _ in 0..<3 { audit.upkeep(at: .january2027 + 3) }
        #expect(!audit.hasUntoldGap)
        audit.stop(at: .now)
        let gaps = try lines().filter { $0["event"] as? String == "gap" }
        #expect(gaps.map { $0["failedRequests"] as? Int } == [2, 3])
        #expect(gaps.allSatisfy { ($0["reason"] as? String)?.hasSuffix("No space left on device") ?? false })
    }

    @Test func `the log says once that lines cannot be written, and once that they can`() async throws {
        let (isFull, log) = (Switch(), LogRecorder())
        let audit = try audit(calls: disk(isFull), log: log)
        let service = try await TestService(audit: audit)
        func ask() -> Int { Int(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status) }
        func look(_ count: Int) async {
            for _ in 0..<count {
                audit.upkeep(at: .january2027)
                while audit.status.hasProbe { await Task.yield() }
            }
        }
        func levels() -> [String] { log.lines.map { String($0.prefix { $0 != " " }) } }
        isFull.isOn = true
        #expect(ask() == 503)
        await look(3)
        #expect(levels() == ["error"])
        isFull.isOn = false
        #expect(ask() == 201)
        // The line about the gap is tried, and cannot be written.
        isFull.isOn = true
        await look(4)
        #expect(levels() == ["error", "notice", "error"])
        isFull.isOn = false
        await look(4)
        #expect(levels() == ["error", "notice", "error", "notice"])
        #expect(log.lines[0].contains("No space left on device"), "\(log.lines)")
        audit.stop(at: .january2027)
        #expect(try lines().compactMap { $0["event"] as? String } == ["ticket", "gap"], "a gap that goes on is one")
        #expect(log.lines.count == 4)
    }

    @Test func `the log says once that a renamed file cannot be opened anew`() async throws {
        let log = LogRecorder()
        let audit = try audit(log: log)
        let service = try await TestService(audit: audit)
        for name in [path + ".1", path + ".2"] {
            try FileManager.default.moveItem(atPath: path, toPath: name)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
            for _ in 0..<3 { audit.upkeep(at: .january2027) }
            try FileManager.default.removeItem(atPath: path)
            #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
            audit.upkeep(at: .january2027)
        }
        let levels = log.lines.compactMap { $0.split(separator: " ").first }
        #expect(levels == ["warning", "notice", "warning", "notice"], "\(log.lines)")
        #expect(log.lines[0].contains(Errno.isDirectory.description))
        audit.stop(at: .january2027)
    }

    private final class Switch: @unchecked Sendable {
        private let lock = NSLock()
        private var state = false
        var isOn: Bool {
            get { lock.withLock { state } }
            set { lock.withLock { state = newValue } }
        }
    }

    @Test func `hashed users are the same for one user of one issuer, and nowhere in the key`() async throws {
        let bytes = [UInt8](repeating: 7, count: 32)
        let key = HMACKey(.sha256, key: bytes.span)
        let users = AuditUsers.hash(try #require(key))
        let service = try await TestService(audit: try audit(users))
        for user in ["ann@example.com", "bob", "ann@example.com"] {
            let body = avatar.replacing("ann@example.com", with: user)
            #expect(service.ask(.POST, "/v1/tickets", body: body, key: service.key).status == 201)
        }
        let lines = try lines()
        let ids = lines.compactMap { $0["userId"] as? String }
        #expect(ids.count == 3 && ids[0] == ids[2] && ids[0] != ids[1] && ids.allSatisfy { $0.utf8.count == 32 })
        #expect(ids[0] == users.id(of: "ann@example.com", issuer: nil))
        #expect(ids[0] != users.id(of: "ann@example.com", issuer: "https://id.example"))
        for (line, id) in zip(lines, ids) { #expect((line["key"] as? String)?.hasPrefix("avatars/\(id)/") ?? false) }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains("ann") && !text.contains("bob"))
    }

    @Test func `every user in a key is replaced by the id, and an API key's user has the issuer that the key has`() async throws {
        let bytes = [UInt8](repeating: 7, count: 32)
        let hmac = HMACKey(.sha256, key: bytes.span)
        let users = AuditUsers.hash(try #require(hmac))
        let issuer =
            "{issuer: \"https://127.0.0.1:1\", audience: [a], algorithms: [ES256], keys: {jwks: \"https://127.0.0.1:1/jwks\"}}"
        let rules =
            "  avatars: {keyPrefix: \"a/{user}/b/{user}/\", contentTypes: [image/png], maxSize: 1MiB}\n"
            + "  documents: {keyPrefix: d/, contentTypes: [application/pdf], maxSize: 1MiB}"
        let service = try await TestService(issuers: [issuer], rules: rules, audit: try audit(users))
        #expect(service.ask(.POST, "/v1/tickets", body: avatar, key: service.key).status == 201)
        let line = try #require(try lines().first)
        let id = try #require(users.id(of: "ann@example.com", issuer: "https://127.0.0.1:1"))
        #expect(line["userId"] as? String == id && line["issuer"] as? String == "https://127.0.0.1:1")
        #expect((line["key"] as? String)?.hasPrefix("a/\(id)/b/\(id)/") ?? false, "\(line)")
        #expect((line["key"] as? String)?.utf8.dropFirst(72).contains(UInt8(ascii: "@")) == false)
    }

    @Test func `a key for hashed users has at least 32 bytes, and at most 4096`() throws {
        var settings = ServiceSettings()
        settings.auditUserKey = path
        func text() -> String? {
            do throws(SetupError) {
                guard case .hash = try AuditUsers.load(settings) else { return "plain" }
                return nil
            } catch {
                return error.sentences.joined(separator: "\n")
            }
        }
        #expect(text() == "plain", "the file is not read")
        settings.auditUsers = .hash
        for (count, says) in [(0, "it has 0 bytes"), (31, "it has 31 bytes"), (32, nil), (4096, nil), (4097, path)] {
            try folder.write(String(repeating: "k", count: count), to: "audit.jsonl")
            if let says { #expect(text()?.contains(says) ?? false, "\(count)") } else { #expect(text() == nil, "\(count)") }
        }
        settings.auditUserKey = nil
        #expect(text()?.contains("auditUserKey") ?? false)
    }

    @Test func `a refusal names no user that cannot be one, and no line has bidi characters`() async throws {
        let audit = try audit()
        let service = try await TestService(audit: audit)
        let long = String(repeating: "u", count: 257)
        for user in ["", long, String(long.dropLast()), "a\u{202E}b"] {
            let body = avatar.replacing("ann@example.com", with: user).replacing("image/png", with: "text/html")
            #expect(service.ask(.POST, "/v1/tickets", body: body, key: service.key).status >= 400)
        }
        audit.stop(at: .now)
        #expect(try lines().map { $0["user"] as? String } == [nil, nil, String(long.dropLast()), "a\\u{202e}b"])
        #expect(try !String(contentsOfFile: path, encoding: .utf8).unicodeScalars.contains("\u{202E}"))
    }

    // MARK: Many refusals

    @Test func `what was not written of many refusals is told at the stop`() async throws {
        let audit = try audit()
        let service = try await TestService(audit: audit)
        for (member, value, count) in [("image/png", "text/html", 28), ("avatars", "none", 2)] {
            let body = avatar.replacing(member, with: value)
            for _ in 0..<count { _ = service.ask(.POST, "/v1/tickets", body: body, key: service.key, at: .january2027) }
        }
        audit.stop(at: .january2027 + 7)
        let lines = try lines()
        #expect(lines.prefix(10).allSatisfy { $0["event"] as? String == "refusal" } && lines.count == 11)
        let last = try #require(lines.last)
        #expect(last["event"] as? String == "refusals" && last["tenant"] as? String == "acme")
        #expect(last["since"] as? String == "2027-01-15T08:00:00Z")
        #expect(last["time"] as? String == "2027-01-15T08:00:07.000Z")
        let codes = try #require(last["codes"] as? [String: Int])
        #expect(codes == ["content-type-not-allowed": 18, "rule-unknown": 2])
    }

    @Test func `a budget grows to its burst, and a clock that is set back takes nothing from it`() {
        var budget = LineBudget(burst: 2, perSecond: 1)
        func take(_ count: Int, at now: Double) -> Int {
            (0..<count).count { _ in
                guard budget.hasLine(at: now) else { return false }
                budget.take()
                return true
            }
        }
        #expect(take(5, at: 100) == 2)
        #expect(take(5, at: 50) == 0)
        #expect(!budget.isFull(at: 51) && take(5, at: 51) == 1)
        #expect(!budget.isFull(at: 52) && budget.isFull(at: 53))
        #expect(take(5, at: 1000) == 2)
    }

    @Test func `refusals of a tenant beyond a rate are counted, and told once a minute`() {
        var counts = RefusalCounts()
        func write(_ code: ProblemCode, of tenant: String = "acme", at now: Double) -> Bool {
            counts.mayWrite(code, of: tenant, at: now)
        }
        func take(at now: Double, everything: Bool = false) -> [RefusalCounts.Counts] {
            counts.takeCounts(at: now, everything: everything)
        }
        #expect((0..<100).count { _ in write(.sizeTooLarge, at: 1000) } == 10)
        #expect(write(.ruleUnknown, of: "other", at: 1000), "another tenant has a rate of its own")
        #expect(write(.ruleUnknown, at: 1001) && !write(.ruleUnknown, at: 1001))
        #expect(take(at: 1059).isEmpty)
        let taken = take(at: 1060)
        #expect(taken.map(\.tenant) == ["acme"] && taken.map(\.since) == [1000])
        #expect(taken.first?.byCode == [.sizeTooLarge: 90, .ruleUnknown: 1])
        #expect(take(at: 1200, everything: true).isEmpty)
    }

    @Test func `all tenants together have a rate, and tenants without refusals are forgotten`() {
        var counts = RefusalCounts()
        func write(of tenant: String = "acme", at now: Double) -> Bool { counts.mayWrite(.sizeTooLarge, of: tenant, at: now) }
        func take(at now: Double) -> [RefusalCounts.Counts] { counts.takeCounts(at: now, everything: false) }
        #expect((0..<1000).count { write(of: "t\($0)", at: 0) } == 100)
        #expect(counts.tenants.count == 1000)
        #expect(take(at: 60).count == 900)
        _ = take(at: 61)
        #expect(counts.tenants.isEmpty)
        // A clock that is set back gives nothing and loses nothing.
        #expect((0..<50).count { _ in write(at: 30) } == 10)
        #expect(!write(at: 10))
        let taken = take(at: 10)
        #expect(taken.first?.byCode == [.sizeTooLarge: 41])
    }
}
