// SPDX-License-Identifier: Apache-2.0

import Logging
import PosternTestSupport
import RuleFiles
import Testing

@testable import PosternServer

/// Credentials whose source is closed: each fetch fails, and is due again later.
@Suite(.timeLimit(.minutes(10)))
struct RefreshServiceTests {
    private let folder: TemporaryFolder
    private let clock = TestClock()
    private let state: ServiceState

    private var serviceClock: ServiceClock { ServiceClock(now: { [clock] in clock.date }, uptime: { [clock] in clock.uptime }) }

    init() async throws {
        folder = try TemporaryFolder()
        let yaml = """
            tenant: acme
            store:
              bucket: acme-uploads
              region: eu-west-1
              credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/r'}}
            auth:
              apiKeys:
                - {id: cms, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
            rules:
              a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}
            """
        try folder.write(yaml, to: "acme.yaml")
        let settings = ServiceSettings(
            tenantsFolder: folder.path,
            listen: ListenAddress(host: "127.0.0.1", port: 0),
            admin: ListenAddress(host: "127.0.0.1", port: 0),
            environment: [
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                // Nothing listens on port 1.
                "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
            ]
        )
        let clock = clock
        state = try await ServiceState.load(
            settings, logger: LogRecorder().logger(), fetchTimeout: .seconds(600),
            clock: ServiceClock(now: { clock.date }, uptime: { clock.uptime })
        ).state
    }

    private var failures: Int {
        state.current.refreshed.map { $0.report(at: clock.moment).failures }.reduce(0, +)
    }

    private func waitForFailures(_ count: Int) async throws {
        while failures < count { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test func `a source is fetched each time it is due, until the service stops`() async throws {
        #expect(failures == 1)
        let log = LogRecorder()
        let service = RefreshService(state: state, logger: log.logger(), clock: serviceClock)
        let running = Task { try await service.run() }
        for round in 2...4 {
            clock.advance(by: .seconds(3600))
            try await waitForFailures(round)
            #expect(failures == round)
        }
        running.cancel()
        try await running.value
        clock.advance(by: .seconds(3600))
        #expect(failures == 4)
        // The failures 2 and 4; the first was before.
        #expect(log.lines.count == 2)
    }
}
