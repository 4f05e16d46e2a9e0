// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import HTTPServer
@testable import PosternServer

/// A service over rule files in a folder of its own, asked without a socket.
final class TestService {
    /// An API key of tenant `acme` for everything, and one that may only use `documents` for user `u1`.
    let key: String
    let limitedKey: String
    let metrics = ServiceMetrics()

    /// Has the rule files.
    let folder: TemporaryFolder
    private let logs: FileHandle
    let sink: LogSink
    let state: ServiceState
    let connections = ConnectionTable(limits: ConnectionLimits(), isExempt: { _ in false })
    private let interface: PublicInterface

    static let accessKeyID = "AKIACANARYACCESSKEY0"
    static let secret = "canary/secret+access/key0123456789abcdef"

    /// - Parameters:
    ///   - issuers: The tenant's issuers, each a mapping of YAML.
    ///   - sessionToken: Makes the credentials temporary.
    ///   - environment: Variables besides those of the credentials.
    ///   - audit: The audit log.
    init(
        issuers: [String] = [], rules: String = TestService.rules, sessionToken: String? = nil,
        environment: [String: String] = [:], audit: AuditLog? = nil
    ) async throws {
        var random = SystemRandomNumberGenerator()
        let all = try #require(APIKey.generate(tenant: "acme", id: "cms", random: &random))
        let limited = try #require(APIKey.generate(tenant: "acme", id: "docs", random: &random))
        key = all.key
        limitedKey = limited.key
        folder = try TemporaryFolder()
        keyLines = [
            "- {id: cms, sha256: \(all.sha256Hex)}",
            "- {id: docs, sha256: \(limited.sha256Hex), rules: [documents], allowUsers: [u1]}",
        ]
        try folder.write(Self.acme(issuers: issuers, keys: keyLines, rules: rules), to: "acme.yaml")
        var settings = ServiceSettings()
        settings.tenants = folder.path
        settings.listen = ListenAddress(host: "127.0.0.1", port: 0)
        settings.admin = settings.listen
        settings.logLevel = .trace
        settings.environment = [
            "AWS_ACCESS_KEY_ID": Self.accessKeyID, "AWS_SECRET_ACCESS_KEY": Self.secret,
            "AWS_SESSION_TOKEN": sessionToken ?? "",
        ].merging(environment) { $1 }
        // A file: unlike a pipe it blocks neither who writes nor who reads.
        let log = try folder.write("", to: "service.log")
        logs = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        sink = LogSink(descriptor: logs.fileDescriptor)
        // Other tests may keep all threads busy for long.
        let state = try await ServiceState.load(settings, logger: LogRecorder().logger(), fetchTimeout: .seconds(600)).state
        self.state = state
        interface = PublicInterface(
            metrics: metrics, log: DecisionLog(sink: sink, format: .json, threshold: LogThreshold(.trace)), audit: audit)
    }

    /// The entries of the API keys, as the tenant's file has them.
    let keyLines: [String]

    /// A file of tenant `acme`.
    static func acme(
        issuers: [String] = [], keys: [String], rules: String = TestService.rules, origins: String = "https://app.acme.example"
    ) -> String {
        """
        tenant: acme
        sharedUsers: \(issuers.count > 1)
        store: {bucket: acme-uploads, region: eu-west-1}
        auth:
          \(issuers.isEmpty ? "" : "issuers: [\(issuers.joined(separator: ", "))]")
          apiKeys: [\(keys.map { $0.dropFirst(2) }.joined(separator: ", "))]
        origins: [\(origins)]
        rules:
        \(rules)
        """
    }

    deinit {
        // The sink writes on a thread of its own: its descriptor is closed when it has finished.
        let (sink, logs) = (sink, logs)
        DispatchQueue(label: "test service").async {
            sink.flush(milliseconds: 600_000)
            try? logs.close()
        }
    }

    static let rules = """
          avatars:
            keyPrefix: avatars/{user}/
            contentTypes: [image/png, image/jpeg]
            maxSize: 5MiB
          documents:
            keyPrefix: documents/
            contentTypes: [application/pdf]
            maxSize: 1MiB
            limits: {perTenant: 3/1h}
        """

    /// Writes a rule file, or removes it, and reloads.
    /// - Parameter text: nil to remove the file
    @discardableResult
    func edit(_ name: String, _ text: String?) throws -> Reloader.Change? {
        if let text {
            try folder.write(text, to: name)
        } else {
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        }
        return reload()
    }

    /// Looks at all files until two looks agree, and puts what has changed into force.
    /// - Returns: nil if nothing has changed
    @discardableResult
    func reload() -> Reloader.Change? {
        for _ in 0..<2 {
            let outcome = state.reloader.look(everything: true, after: state.current, at: Date())
            guard let change = outcome.change else { continue }
            if let next = change.next { state.replace(with: next.snapshot) }
            state.reloads.judged(
                change, generation: state.current.generation, at: clock(at: .january2027).moment())
            return change
        }
        return nil
    }

    /// The next snapshot, if only settings had changed.
    func snapshot(_ change: (inout ServiceSettings) throws -> Void) rethrows -> ServiceSnapshot {
        var settings = state.current.settings
        try change(&settings)
        return ServiceSnapshot(
            state.current.book, settings, nil, issuers: state.current.issuers, credentials: state.current.credentials,
            apiKeyUses: state.apiKeyUses, after: state.current)
    }

    /// Asks once, at `date`.
    func ask(
        _ method: HTTPMethod,
        _ target: String,
        body: String = "",
        key: String? = nil,
        headers: HTTPHeaders = [:],
        at date: Date = Date()
    ) -> Response {
        var headers = headers
        if let key { headers.add(name: "Authorization", value: "Bearer \(key)") }
        if !body.isEmpty, !headers.contains(name: "Content-Type") { headers.add(name: "Content-Type", value: "application/json") }
        let head = RequestHead(method: method, target: target, fields: headers, peer: nil, date: date)
        let answer = interface.answer(
            to: Request(head: head, body: ByteBuffer(string: body)), Route(path: head.path), snapshot: state.current)
        switch answer {
        case .now(let response): return response
        case .later(let begin):
            // What the audit log has queued is completed by its thread.
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            return (try? loop.flatSubmit { begin(loop) }.wait()) ?? Response(status: 0)
        }
    }

    /// What `/metrics` shows.
    func metricsText(at date: Date = Date()) -> String {
        exposition(Readiness(state: state, connections: connections), at: date).text()
    }

    private func exposition(_ readiness: Readiness, at date: Date) -> MetricsExposition {
        MetricsExposition(
            metrics: metrics, state: state, readiness: readiness, connections: connections, lag: EventLoopLag(loops: []),
            sink: sink, clock: clock(at: date), startedAt: date)
    }

    func clock(at date: Date) -> ServiceClock {
        ServiceClock(now: { date }, uptime: { .seconds(5) })
    }

    /// Responds to the head of a request that waits for `100 Continue`.
    func refusalWithoutBody(_ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:]) -> Response? {
        let head = RequestHead(method: method, target: target, fields: headers, peer: nil, date: .january2027)
        return interface.refusalWithoutBody(head, Route(path: head.path), snapshot: state.current)
    }

    /// Responds to a request that its connection rejected.
    func respond(to rejection: Rejection, headers: HTTPHeaders?, peer: PeerAddress?) -> Response {
        let head = headers.map { RequestHead(method: .POST, target: "/v1/tickets", fields: $0, peer: peer, date: .january2027) }
        return interface.respond(to: rejection, head: head, peer: peer, snapshot: state.current, at: .january2027)
    }

    /// The JSON of each log line so far.
    func logLines() async throws -> [JSONObject] {
        try await logText().split(separator: "\n").map { line in
            guard case .object(let object) = try JSONValue(parsing: Array(line.utf8)) else { throw JSONTypeError() }
            return object
        }
    }

    struct JSONTypeError: Error {}

    /// All log text so far.
    func logText() async throws -> String {
        let sink = sink
        try await onOwnThread { sink.flush(milliseconds: 600_000) }
        return String(decoding: try #require(folder.content("service.log")), as: UTF8.self)
    }
}

extension Response {
    /// The body's bytes.
    var bytes: [UInt8] {
        switch body {
        case .none, .file: []
        case .bytes(let bytes): bytes
        case .buffer(let buffer): Array(buffer.readableBytesView)
        }
    }

    /// The body, which must be a JSON object.
    func object() throws -> JSONObject {
        guard case .object(let object) = try JSONValue(parsing: bytes) else { throw TestService.JSONTypeError() }
        return object
    }
}
