// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import TenantRules
import Testing
import UserAuth

@testable import PosternServer

/// A service over rule files in a folder of its own, asked without a socket.
final class TestService {
    /// An API key of tenant `acme` for everything, and one that may only use `documents` for user `u1`.
    let key: String
    let limitedKey: String
    let metrics = ServiceMetrics()

    private let folder: URL
    private let logs = Pipe()
    private let sink: LogSink
    private let router: Router<PublicContext>

    static let accessKeyID = "AKIACANARYACCESSKEY0"
    static let secret = "canary/secret+access/key0123456789abcdef"

    /// - Parameter sessionToken: makes the credentials temporary ones
    init(rules: String = TestService.rules, sessionToken: String? = nil) async throws {
        var random = SystemRandomNumberGenerator()
        let all = try #require(APIKeyText.make(tenant: "acme", id: "cms", random: &random))
        let limited = try #require(APIKeyText.make(tenant: "acme", id: "docs", random: &random))
        key = all.key
        limitedKey = limited.key
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let yaml = """
            tenant: acme
            store: {bucket: acme-uploads, region: eu-west-1}
            auth:
              apiKeys:
                - {id: cms, sha256: \(all.sha256Hex)}
                - {id: docs, sha256: \(limited.sha256Hex), rules: [documents], allowUsers: [u1]}
            origins: [https://app.acme.example]
            rules:
            \(rules)
            """
        try Data(yaml.utf8).write(to: folder.appendingPathComponent("acme.yaml"))
        let settings = ServiceSettings(
            tenantsFolder: folder.path,
            listen: ListenAddress(host: "127.0.0.1", port: 0),
            admin: ListenAddress(host: "127.0.0.1", port: 0),
            logLevel: .trace,
            environment: [
                "AWS_ACCESS_KEY_ID": Self.accessKeyID, "AWS_SECRET_ACCESS_KEY": Self.secret,
                "AWS_SESSION_TOKEN": sessionToken ?? "",
            ]
        )
        sink = LogSink(descriptor: logs.fileHandleForWriting.fileDescriptor)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Other tests may keep all threads busy for long.
        let state = try await ServiceState.load(settings, logger: quiet, patience: .seconds(120)).state
        router = publicRouter(
            settings: settings,
            state: state,
            metrics: metrics,
            decisions: DecisionLog(sink: sink, format: .json, level: .trace)
        )
    }

    deinit {
        // The sink writes on a thread of its own: let it finish before its descriptor is closed.
        sink.flush(milliseconds: 2000)
        try? FileManager.default.removeItem(at: folder)
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

    /// Sends one request.
    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        body: String? = nil,
        key: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        if let key { headers[.authorization] = "Bearer \(key)" }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let app = Application(router: router, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await app.test(.router) { [headers] client in
            try await client.execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        }
    }

    /// All log text so far.
    func logText() -> String {
        sink.flush(milliseconds: 2000)
        return String(decoding: logs.fileHandleForReading.availableData, as: UTF8.self)
    }
}
