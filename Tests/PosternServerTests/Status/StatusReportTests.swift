// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import NIOCore
import NIOPosix
import OutgoingHTTP
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import HTTPServer
@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct StatusReportTests {
    private let date = Date.january2027

    private func report(
        _ service: TestService, snapshot: ServiceSnapshot? = nil, reloads: ReloadStatus.Report? = nil, search: String = "",
        audit: AuditWriter.Status? = nil, minutes: [RecentDecisions.Minute] = [], connections: ConnectionTable? = nil,
        isListening: Bool = true, at moment: Moment? = nil
    ) -> [UInt8] {
        let moment = moment ?? Moment(date: date, uptime: .seconds(5))
        let connections = connections ?? service.connections
        let readiness = Readiness(state: service.state, connections: connections)
        if isListening { readiness.beginListening() }
        let snapshot = snapshot ?? service.state.current
        return StatusReport(
            readiness: ReadinessResponse(
                snapshot: snapshot, report: readiness.report(of: snapshot, at: moment.date),
                reloads: reloads ?? service.state.reloads.report, connections: connections, moment: moment),
            minutes: minutes, search: search, uptime: .seconds(90), residentBytes: 1 << 26, droppedLogLines: 3,
            audit: audit
        ).json()
    }

    private func json(
        _ service: TestService, snapshot: ServiceSnapshot? = nil, reloads: ReloadStatus.Report? = nil, search: String = "",
        at moment: Moment? = nil
    ) throws -> JSONValue {
        try JSONValue(parsing: report(service, snapshot: snapshot, reloads: reloads, search: search, at: moment))
    }

    private func sentences(_ json: JSONValue) -> [String] {
        json["attention"]?["items"]?.elements?.map { "\($0["level"]?.string ?? "") \($0["text"]?.string ?? "")" } ?? []
    }

    @Test func `the audit log is told`() async throws {
        let service = try await TestService()
        #expect(try JSONValue(parsing: report(service))["audit"] == .null)
        var audit = AuditWriter.Status(written: 7, dropped: 2, failedRequests: 3)
        audit.reopeningProblem = "audit.jsonl: Permission denied"
        let status = try JSONValue(parsing: report(service, audit: audit))
        #expect(status["audit"]?["isWritable"] == .bool(true) && status["audit"]?["problem"] == .null)
        #expect(status["audit"]?["lines"]?.integer == 7 && status["audit"]?["linesDropped"]?.integer == 2)
        #expect(status["audit"]?["failedRequests"]?.integer == 3)
        #expect(sentences(status).contains { $0.hasPrefix("warning the audit log was renamed") && $0.hasSuffix("denied") })
        let broken = try JSONValue(parsing: report(service, audit: .init(problem: "audit.jsonl: No space left on device")))
        #expect(broken["audit"]?["isWritable"] == .bool(false))
        #expect(broken["audit"]?["problem"] == .string("audit.jsonl: No space left on device"))
    }

    @Test func `a service in order needs no attention`() async throws {
        let service = try await TestService()
        let status = try json(service)
        #expect(status["status"] == .string("ready") && sentences(status) == [])
        #expect(status["attention"]?["faults"]?.integer == 0 && status["attention"]?["warnings"]?.integer == 0)
        #expect(status["rules"]?["digest"] == .string(service.state.current.book.digest))
        #expect(status["rules"]?["generation"]?.integer == 1 && status["rules"]?["tenants"]?.integer == 1)
        #expect(status["uptimeSeconds"]?.integer == 90 && status["logLinesDropped"]?.integer == 3)
        let tenant = try #require(status["tenantSearch"]?["tenants"]?.elements?.first)
        #expect(tenant["tenant"] == .string("acme") && tenant["heldBack"] == .bool(false) && tenant["problems"] == .array([]))
        #expect(tenant["rules"] == .array([.string("avatars"), .string("documents")]))
        #expect(tenant["buckets"] == .array([.string("acme-uploads")]))
        let credentials = try #require(status["credentials"]?.elements?.first)
        #expect(credentials["level"] == .string("ok") && credentials["accessKeySuffix"] == .string("KEY0"))
        #expect(credentials["remainingSeconds"] == .null)
        let start = try #require(status["reloads"]?.elements?.first)
        #expect(start["isStart"] == .bool(true) && start["number"]?.integer == 0 && start["tenants"] == .array([.string("acme")]))
        let text = String(decoding: report(service), as: UTF8.self)
        #expect(!text.contains(TestService.secret) && !text.contains(TestService.accessKeyID) && !text.contains(service.key))
    }

    @Test func `a file that is held back is a fault with its line and advice, and so is its reload`() async throws {
        let service = try await TestService()
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines).replacing("5MiB", with: "5M"))
        try service.edit("beta.yaml", "tenant: other\n")
        let status = try json(service)
        let file = "\(service.folder.path)/acme.yaml"
        #expect(
            sentences(status) == [
                "fault \(file) is held back: acme is served by what it said before",
                "fault \(service.folder.path)/beta.yaml is held back: beta is not served",
            ])
        let problem = try #require(status["heldBack"]?.elements?.first?["problems"]?.elements?.first)
        #expect(problem["message"] == .string("“5M” is not a size") && (problem["line"]?.integer ?? 0) > 1)
        #expect(status["tenantSearch"]?["tenants"]?.elements?.first?["heldBack"] == .bool(true))
        let reloads = try #require(status["reloads"]?.elements)
        #expect(reloads.map { $0["number"]?.integer } == [2, 1, 0])
        #expect(reloads.map { $0["result"] } == [.string("held-back"), .string("held-back"), .string("ok")])
        #expect(reloads[1]["problems"]?.elements?.first?.string?.contains("“5M” is not a size; write") == true)
        // Only what is new is told.
        #expect(
            reloads[0]["heldBackFiles"]?.integer == 2
                && reloads[0]["problems"]?.elements?.count == reloads[0]["problemCount"]?.integer)
        #expect(reloads[0]["problems"]?.elements?.allSatisfy { $0.string?.contains("beta.yaml") == true } == true)
        try service.edit("beta.yaml", nil)
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines))
        #expect(sentences(try json(service)) == [])
    }

    @Test func `what the newest content brought into force is told with its reload`() async throws {
        let service = try await TestService()
        let rules = TestService.rules.replacing("5MiB", with: "6MiB")
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines, rules: rules))
        let reload = try #require(try json(service)["reloads"]?.elements?.first)
        #expect(reload["result"] == .string("ok") && reload["generation"]?.integer == 2 && reload["changed"]?.integer == 1)
        #expect(reload["tenants"] == .array([.string("acme")]) && reload["isStart"] == .bool(false))
    }

    @Test func `an issuer without keys is a fault, of its tenants too`() async throws {
        let issuer =
            "{issuer: \"https://127.0.0.1:1\", audience: [a], algorithms: [ES256], keys: {jwks: \"https://127.0.0.1:1/jwks\"}, until: 2027-01-17T08:00:00Z}"
        let service = try await TestService(issuers: [issuer])
        let status = try json(service)
        #expect(status["status"] == .string("not-ready"))
        #expect(
            sentences(status) == [
                "fault issuer https://127.0.0.1:1: its keys have not been fetched",
                "warning the issuer https://127.0.0.1:1 ends in 2 d",
            ])
        let keys = try #require(status["keySets"]?.elements?.first)
        #expect(keys["level"] == .string("fault") && keys["tenant"] == .string("acme") && keys["ageSeconds"] == .null)
        #expect((keys["failuresInARow"]?.integer ?? 0) > 0 && keys["lastError"]?.string != nil)
        let tenant = try #require(status["tenantSearch"]?["tenants"]?.elements?.first)
        #expect(tenant["problems"] == .array([.string("no keys of https://127.0.0.1:1")]))
    }

    @Test func `credentials are a warning before their end, and a fault when they cannot sign`() async throws {
        let end = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 3600).rounded())
        let service = try await TestService(
            sessionToken: "token", environment: ["AWS_CREDENTIAL_EXPIRATION": end.rfc3339])
        let uptime = ServiceClock.system.uptime()
        for (remaining, level) in [(1200.0, "ok"), (299, "warning"), (100, "warning"), (5, "fault"), (-5, "fault")] {
            let status = try json(service, at: Moment(date: end - remaining, uptime: uptime))
            let credentials = try #require(status["credentials"]?.elements?.first)
            #expect(credentials["level"] == .string(level), "\(remaining)")
            #expect(credentials["remainingSeconds"]?.integer == Int(remaining), "\(remaining)")
            #expect(sentences(status).map { String($0.prefix { $0 != " " }) } == (level == "ok" ? [] : [level]))
            #expect((credentials["problem"] == .null) == (level != "fault"), "\(remaining)")
            let problems = status["tenantSearch"]?["tenants"]?.elements?.first?["problems"]
            #expect(problems == .array(level == "fault" ? [.string("no credentials for acme-uploads")] : []), "\(remaining)")
        }
        #expect(
            sentences(try json(service, at: Moment(date: end - 299, uptime: uptime)))
                == ["warning the credentials of default end in 4 min"])
    }

    @Test func `certificates, API keys and issuers are a warning before they end, the first of them first`() async throws {
        let service = try await TestService()
        var keys = service.keyLines
        keys[0] = keys[0].replacing("{id: cms", with: "{id: cms, expires: 2027-01-18")
        keys[1] = keys[1].replacing("{id: docs", with: "{id: docs, expires: 2027-01-15")
        try service.edit("acme.yaml", TestService.acme(keys: keys))
        let status = try json(service)
        let ends = try #require(status["ends"]?.elements)
        #expect(ends.map { $0["name"] } == [.string("docs"), .string("cms")] && status["endsCount"]?.integer == 2)
        #expect(ends.map { $0["level"] } == [.string("ok"), .string("warning")], "one that has ended is nobody's business")
        #expect(ends.map { $0["remainingSeconds"]?.integer } == [-8 * 3600, 64 * 3600])
        #expect(sentences(status) == ["warning the API key cms of tenant acme ends in 2 d 16 h"])
        let later = try json(service, at: Moment(date: date + 2 * 86_400, uptime: .seconds(5)))
        #expect(sentences(later) == ["fault the API key cms of tenant acme ends in 16 h"])
    }

    @Test func `credentials that cannot be renewed are a warning, and a fault before their end`() async throws {
        let end = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 3600).rounded())
        let service = try await TestService(
            sessionToken: "token", environment: ["AWS_CREDENTIAL_EXPIRATION": end.rfc3339])
        let uptime = ServiceClock.system.uptime()
        func look(_ remaining: Double) throws -> [String] {
            sentences(try json(service, at: Moment(date: end - remaining, uptime: uptime)))
        }
        #expect(try look(301) == [] && look(300) == ["warning the credentials of default end in 5 min"])
        // At that time those of the environment have ended, so that the fetch fails.
        let source = try #require(service.state.current.credentials.sources.first)
        await source.refresh { Moment(date: end + 1, uptime: uptime) }
        #expect(source.status(at: Moment(date: end, uptime: uptime)).failuresInARow == 1)
        for (remaining, level, words) in [
            (1200.0, "warning", "20 min"), (301, "warning", "5 min"), (300, "fault", "5 min"), (200, "fault", "3 min"),
        ] {
            let sentence = "\(level) the credentials of default cannot be renewed, and end in \(words)"
            #expect(try look(remaining) == [sentence], "\(remaining)")
        }
    }

    @Test(arguments: [
        (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3660, "1 h 1 min"), (86_399, "23 h 59 min"),
        (86_400, "1 d"), (90_000, "1 d 1 h"), (7 * 86_400, "7 d"),
    ])
    func `an API key's end is told in one or two units`(seconds: Int, words: String) async throws {
        let service = try await TestService()
        var keys = service.keyLines
        keys[0] = keys[0].replacing("{id: cms", with: "{id: cms, expires: 2027-02-01")
        try service.edit("acme.yaml", TestService.acme(keys: keys))
        let end = Date.january2027 + 16 * 86_400 + 16 * 3600
        let status = try json(service, at: Moment(date: end - Double(seconds), uptime: .seconds(5)))
        #expect(sentences(status).map { $0.split(separator: " ends in ").last.map(String.init) } == [words])
        let longer = try json(service, at: Moment(date: end - 7 * 86_400 - 1, uptime: .seconds(5)))
        #expect(sentences(longer) == [])
    }

    @Test(arguments: [(863_999, "9 d 23 h"), (864_000, "10 d"), (867_600, "10 d"), (950_400, "11 d")])
    func `of ten days or more no hours are told`(seconds: Int, words: String) async throws {
        let service = try await TestService()
        service.state.reloads.looked(at: Moment(date: date, uptime: .zero))
        let status = try json(service, at: Moment(date: date, uptime: .seconds(seconds)))
        #expect(sentences(status).first?.contains(" last looked at \(words) ago: ") == true)
    }

    @Test func `a long interval between looks makes a warning later`() async throws {
        let service = try await TestService()
        service.state.reloads.looked(at: Moment(date: date, uptime: .seconds(100)))
        let slow = service.snapshot { $0.reload = .seconds(40) }
        for (uptime, count) in [(220, 0), (221, 1)] {
            let moment = Moment(date: date, uptime: .seconds(uptime))
            #expect(sentences(try json(service, snapshot: slow, at: moment)).count == count, "\(uptime)")
        }
    }

    @Test func `the first hundred of many ends are told, and an issuer that has ended is nobody's business`() async throws {
        let issuer =
            "{issuer: \"https://127.0.0.1:1\", audience: [a], algorithms: [ES256], keys: {jwks: \"https://127.0.0.1:1/jwks\"}, until: 2027-01-14T08:00:00Z}"
        let service = try await TestService(issuers: [issuer])
        var keys = service.keyLines
        // In another order than that of their ends.
        for number in 0..<850 {
            let end = Date.january2027 + Double(30 + number * 7 % 850) * 86_400
            let digest = String(repeating: "0", count: 60) + String(10_000 + number, radix: 16)
            keys.append("- {id: k\(number), sha256: \(digest), expires: \(end.rfc3339)}")
        }
        try service.edit("acme.yaml", TestService.acme(issuers: [issuer], keys: keys))
        let status = try json(service)
        #expect(status["endsCount"]?.integer == 851, "\(service.state.reloads.report.heldBack)")
        let ends = try #require(status["ends"]?.elements)
        #expect(ends.count == 100 && ends[0]["kind"] == .string("issuer") && ends[0]["level"] == .string("ok"))
        #expect(ends.dropFirst().map { $0["remainingSeconds"]?.integer } == (30..<129).map { $0 * 86_400 })
        #expect(sentences(status) == ["fault issuer https://127.0.0.1:1: its keys have not been fetched"])
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `the certificate is a fault before its time, and a warning and a fault before its end`() async throws {
        let files = try await TestCertificate(for: "IP:127.0.0.1")
        let service = try await TestService()
        var settings = service.state.current.settings
        (settings.tlsCert, settings.tlsKey) = (files.path, files.key)
        let tls = try #require(settings.tls)
        let certificate = try #require(ServerCertificate.watched(tls, at: Date(), .local).inUse?.value)
        let current = service.state.current
        let snapshot = ServiceSnapshot(
            current.book, settings, certificate, issuers: current.issuers, credentials: current.credentials,
            apiKeyUses: service.state.apiKeyUses, after: current)
        let (start, end) = (certificate.validity.start, certificate.validity.end)
        let name = "the certificate of the public listener"
        for (moment, expected) in [
            (start - 1, ["fault \(name) is not valid before \(start.rfc3339)"]), (start, []),
            (end - 3600 * 4, ["warning \(name) ends in 4 h"]), (end - 3600, ["fault \(name) ends in 1 h"]),
            (end, ["fault \(name) ended 0 s ago"]),
        ] as [(Date, [String])] {
            let status = try json(service, snapshot: snapshot, at: Moment(date: moment, uptime: .seconds(5)))
            #expect(sentences(status) == expected)
            #expect(status["ends"]?.elements?.first?["kind"] == .string("certificate") && status["endsCount"]?.integer == 1)
        }
    }

    @Test func `what concerns the whole service needs attention`() async throws {
        let service = try await TestService()
        let closed = try JSONValue(parsing: report(service, isListening: false))
        #expect(sentences(closed) == ["fault the public listener is not open yet"])
        var limits = ConnectionLimits()
        limits.maxConnections = 0
        let full = ConnectionTable(limits: limits, isExempt: { _ in false })
        let sentence = try #require(sentences(try JSONValue(parsing: report(service, connections: full))).first)
        #expect(sentence.hasPrefix("warning the public listener is at its connection limit"))
        var minute = RecentDecisions.Minute(start: date)
        minute.total = DecisionSum(tickets: 1, refusals: [.internalError: 2, .rateLimited: 3])
        let faulty = try JSONValue(parsing: report(service, minutes: [minute]))
        #expect(
            sentences(faulty)
                == ["warning in the last hour, requests were refused because of faults of the service: internal-error (2)"])
        #expect(faulty["attention"]?["items"]?.elements?.first?["section"] == .string("decisions"))
    }

    @Test func `warnings are those of the files in force`() async throws {
        let rules =
            TestService.rules + "\n  named: {keyPrefix: n/, keyName: \"{filename}\", contentTypes: [image/png], maxSize: 1MiB}"
        let service = try await TestService()
        #expect(try json(service)["warningCount"]?.integer == 0)
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines, rules: rules))
        let status = try json(service)
        let warnings = try #require(status["warnings"]?.elements)
        #expect(warnings.count == status["warningCount"]?.integer && !warnings.isEmpty)
        #expect(warnings[0]["file"]?.string?.hasSuffix("/acme.yaml") == true && (warnings[0]["line"]?.integer ?? 0) > 1)
        // A content that is held back has none, and those in force stay.
        try service.edit("acme.yaml", "tenant: acme\n")
        #expect(try json(service)["warningCount"] == status["warningCount"])
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines))
        #expect(try json(service)["warningCount"]?.integer == 0)
    }

    @Test func `files that were not looked at for long are a warning`() async throws {
        let service = try await TestService()
        service.state.reloads.looked(at: Moment(date: date, uptime: .seconds(100)))
        #expect(sentences(try json(service, at: Moment(date: date, uptime: .seconds(160)))) == [])
        let sentence = try #require(sentences(try json(service, at: Moment(date: date, uptime: .seconds(161)))).first)
        #expect(sentence.hasPrefix("warning the files of rules were last looked at 1 min ago"))
        let onlyAsked = service.snapshot { $0.reload = .zero }
        #expect(sentences(try json(service, snapshot: onlyAsked, at: Moment(date: date, uptime: .seconds(161)))) == [])
    }

    @Test(arguments: [
        ("", 2), ("acme", 1), ("ACM", 1), ("cm", 1), ("e", 2), ("Org_9", 1), ("org_9", 0), ("acme ", 0), (".*", 0), ("é", 0),
    ])
    func `tenants are found by a part of their id or of an alias`(text: String, count: Int) async throws {
        let service = try await TestService()
        let beta = TestService.acme(keys: []).replacing("tenant: acme", with: "tenant: beta\naliases: [Org_9yb]")
        try service.edit(
            "beta.yaml",
            beta.replacing("apiKeys: []", with: "apiKeys: [{id: k, sha256: \(String(repeating: "ab", count: 32))}]")
                .replacing("acme-uploads", with: "beta-uploads"))
        let status = try json(service, search: text)
        #expect(status["rules"]?["tenants"]?.integer == 2, "\(service.state.reloads.report.heldBack)")
        #expect(status["tenantSearch"]?["matches"]?.integer == count)
        #expect(status["tenantSearch"]?["tenants"]?.elements?.count == count)
    }

    @Test func `the document is bounded, whatever happens`() async throws {
        let service = try await TestService()
        let long = "\u{202E}<img src=x onerror=alert(1)>" + String(repeating: "e\u{301}", count: 100_000)
        let problem = Diagnostic(file: "f", line: 1, column: 1, message: long, advice: long)
        let files = (0..<100_000).map { HeldBackFile(file: "\($0)", tenant: "t\($0)", problems: [problem, problem, problem]) }
        for round in 0..<50 {
            // Each is another reason than before, so that all are new.
            let change = Reloader.Change(
                next: nil, heldBack: Array(files.prefix(round == 49 ? 100_000 : 1000 + round % 2)),
                warnings: Array(repeating: long, count: 1000), settingsForRestart: ["listen"])
            service.state.reloads.judged(change, generation: 1, at: Moment(date: date, uptime: .seconds(1)))
        }
        let bytes = report(service)
        #expect(bytes.count < 1_000_000)
        let status = try JSONValue(parsing: bytes)
        #expect(status["attention"]?["faults"]?.integer == 100_000 && status["attention"]?["items"]?.elements?.count == 20)
        let reloads = try #require(status["reloads"]?.elements)
        #expect(reloads.count == 20 && reloads[0]["number"]?.integer == 50 && reloads[19]["number"]?.integer == 31)
        #expect(reloads[0]["warnings"]?.elements?.count == 10 && reloads[0]["warningCount"]?.integer == 1000)
        #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{202E}"))
    }

    @Test func `all who look at the page get a document that is made once a second`() async throws {
        let service = try await TestService()
        let clock = TestClock()
        let serviceClock = ServiceClock(now: { clock.date }, uptime: { clock.uptime })
        let readiness = Readiness(state: service.state, connections: service.connections)
        let page = StatusPage(
            readiness: readiness, state: service.state,
            recent: RecentDecisions(metrics: service.metrics, tenants: { [] }, clock: serviceClock), sink: service.sink,
            audit: nil, clock: serviceClock)
        func status(_ search: String = "") async throws -> JSONValue {
            try JSONValue(
                parsing: Array(
                    try await page.document(search: search, on: MultiThreadedEventLoopGroup.singleton.any()).get()
                        .readableBytesView))
        }
        #expect(try await status()["status"] == .string("not-ready"))
        readiness.beginListening()
        clock.advance(by: .milliseconds(999))
        #expect(try await status()["status"] == .string("not-ready"))
        #expect(try await status("a")["status"] == .string("ready"), "another search is another document")
        clock.advance(by: .milliseconds(1))
        #expect(try await status()["status"] == .string("ready"))
    }
}
