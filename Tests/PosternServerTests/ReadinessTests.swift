// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

@testable import HTTPServer
@testable import PosternServer

struct ReadinessTests {
    /// Two tenants: `here` signs with credentials that there are, `gone` with a container's that does not answer.
    private static let files = [
        "here": "credentials: default",
        "gone": "credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/r'}}",
    ]

    private func readiness(of tenants: [String]) async throws -> Readiness {
        let folder = try TemporaryFolder()
        for tenant in tenants {
            let yaml = """
                tenant: \(tenant)
                store:
                  bucket: \(tenant)-uploads
                  region: eu-west-1
                  \(Self.files[tenant] ?? "")
                auth:
                  apiKeys:
                    - {id: cms, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
                rules:
                  a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}
                """
            try folder.write(yaml, to: "\(tenant).yaml")
        }
        let settings = ServiceSettings(
            tenantsFolder: folder.path,
            listen: ListenAddress(host: "127.0.0.1", port: 0),
            admin: ListenAddress(host: "127.0.0.1", port: 0),
            environment: [
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                // Nobody listens on port 1.
                "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
            ]
        )
        let state = try await ServiceState.load(settings, logger: LogRecorder().logger(), fetchTimeout: .seconds(600)).state
        return Readiness(
            state: state, connections: ConnectionTable(limits: ConnectionLimits(), isExempt: { _ in false }))
    }

    @Test func `the service is ready from the opening of the listener to the stop`() async throws {
        let readiness = try await readiness(of: ["here"])
        #expect(readiness.report(at: Date()).reasons == ["the public listener is not open yet"])
        readiness.beginListening()
        #expect(readiness.report(at: Date()).isReady)
        #expect(readiness.report(at: Date()).reasons.isEmpty)
        readiness.beginDraining()
        #expect(!readiness.report(at: Date()).isReady)
        #expect(readiness.report(at: Date()).reasons == ["the service is stopping"])
    }

    @Test func `the service is ready if some tenants can be served, and gives the reason for the others`() async throws {
        let readiness = try await readiness(of: ["here", "gone"])
        readiness.beginListening()
        let report = readiness.report(at: Date())
        #expect(report.isReady)
        #expect(report.reasons.count == 1)
        #expect(report.reasons.first?.hasPrefix("credentials of role arn:aws:iam::123456789012:role/r in eu-west-1: ") == true)
    }

    @Test func `the service is not ready while no tenant can be served`() async throws {
        let readiness = try await readiness(of: ["gone"])
        readiness.beginListening()
        #expect(!readiness.report(at: Date()).isReady)
    }
}
