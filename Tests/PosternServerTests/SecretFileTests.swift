// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

@testable import PosternServer

@Suite(.enabled(if: TestCertificate.canBeMade))
struct SecretFileTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() async throws {
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
        temporary = try TemporaryFolder()
        try temporary.write(rules, to: "tenants/acme.yaml")
        try temporary.write([UInt8](repeating: 7, count: 32), to: "secret")
        let certificate = try await TestCertificate(for: "IP:127.0.0.1")
        try temporary.write(try Data(contentsOf: URL(filePath: certificate.path)), to: "tls.pem")
        try temporary.write(try Data(contentsOf: URL(filePath: certificate.key)), to: "tls.key")
    }

    private func warnings() async throws -> [String] {
        var settings = ServiceSettings()
        settings.tenants = "\(folder)/tenants"
        settings.tlsCert = "\(folder)/tls.pem"
        settings.tlsKey = "\(folder)/tls.key"
        settings.environment = ["AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "secret"]
        return try await ServiceState.load(settings, logger: LogRecorder().logger(), fetchTimeout: .seconds(600)).warnings
    }

    @Test func `secret files that every account may read cause a warning at the start`() async throws {
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

    @Test func `secret files that not every account may read cause no warning`() async throws {
        #expect(chmod("\(folder)/secret", 0o640) == 0 && chmod("\(folder)/tls.key", 0o400) == 0)
        #expect(try await warnings() == [])
    }
}
