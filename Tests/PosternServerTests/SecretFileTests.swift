// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import RuleFiles
import Testing
import UploadRules

@testable import PosternServer

@Suite final class SecretFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-\(UUID().uuidString)").path

    init() throws {
        let rules = """
            tenant: acme
            store: {bucket: acme-uploads, region: eu-west-1}
            auth:
              issuers:
                - issuer: https://id.acme.example
                  audience: [uploads]
                  algorithms: [HS256]
                  keys: {secretFile: ../secret}
            rules:
              avatars: {keyPrefix: "avatars/{user}/", contentTypes: [image/png], maxSize: 5MiB}
            """
        try FileManager.default.createDirectory(atPath: "\(folder)/tenants", withIntermediateDirectories: true)
        try Data(rules.utf8).write(to: URL(fileURLWithPath: "\(folder)/tenants/acme.yaml"))
        try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: "\(folder)/secret"))
        try Data("only looked at".utf8).write(to: URL(fileURLWithPath: "\(folder)/tls.key"))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func warnings() async throws -> [String] {
        let settings = ServiceSettings(
            tenantsFolder: "\(folder)/tenants",
            listen: ListenAddress(host: "127.0.0.1", port: 0),
            admin: ListenAddress(host: "127.0.0.1", port: 0),
            tls: .init(certificates: "\(folder)/tls.pem", key: "\(folder)/tls.key"),
            environment: ["AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "secret"]
        )
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await ServiceState.load(settings, logger: quiet, patience: .seconds(600)).warnings
    }

    @Test func `secrets that every account may read are warned of at the start`() async throws {
        #expect(chmod("\(folder)/secret", 0o644) == 0 && chmod("\(folder)/tls.key", 0o604) == 0)
        let found = try await warnings().map { $0.replacing(folder, with: "DIR") }
        func warning(_ file: String) -> String {
            "\(file) has a secret that every account may read; run chmod o-rwx \(file), or set defaultMode: 0440 in Kubernetes"
        }
        #expect(
            found == [
                "tenant acme: keys of issuer https://id.acme.example: \(warning("DIR/tenants/../secret"))",
                "TLS key: \(warning("DIR/tls.key"))",
            ])
    }

    @Test func `secrets that not every account may read are not warned of`() async throws {
        #expect(chmod("\(folder)/secret", 0o640) == 0 && chmod("\(folder)/tls.key", 0o400) == 0)
        #expect(try await warnings() == [])
    }
}
