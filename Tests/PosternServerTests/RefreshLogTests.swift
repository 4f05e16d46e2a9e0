// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import PosternTestSupport
import Synchronization
import Testing
import UserAuth

@testable import PosternServer

struct RefreshLogTests {
    /// Records `level error`.
    private static func recorder() -> LogRecorder {
        LogRecorder { "\($0.level) \($0.metadata?["error"]?.description ?? "-")" }
    }

    private static func run(_ problems: [CredentialError], isStarting: Bool = false) async -> [String] {
        let log = recorder()
        let journal = RefreshLog(logger: log.logger())
        let left = Mutex(problems)
        let next = NextProblem(left)
        let credentials = RefreshingCredentials(source: .standard, minimumRemaining: 90) { () async throws(CredentialError) in
            throw next.take()
        }
        for _ in problems { await journal.refresh(credentials) { isStarting } }
        return log.lines
    }

    private final class NextProblem: Sendable {
        private let left: Mutex<[CredentialError]>
        init(_ left: consuming Mutex<[CredentialError]>) { self.left = left }
        func take() -> CredentialError { left.withLock { $0.removeFirst() } }
    }

    /// Fetches an issuer's keys once for each of these results: the id of the one key of the set, or nil for a failure.
    private static func run(keyIDs: [String?]) async throws -> [String] {
        let log = recorder()
        let journal = RefreshLog(logger: log.logger())
        let sets = try keyIDs.map { id in
            // The key of RFC 7517 appendix A.1.
            try id.map { id in
                let text = """
                    {"keys": [{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "\(id)"}]}
                    """
                return FetchedKeys(set: try KeySet(jwks: Array(text.utf8), algorithms: [.es256]))
            }
        }
        let next = NextSet(Mutex(sets))
        let keys = RemoteKeys(
            issuer: "https://id.example", endpoint: .discovery, algorithms: [.es256], uptime: { .zero },
            fetch: { () async throws(KeyFetchError) in
                guard let set = next.take() else { throw KeyFetchError(.keySet, .status(500)) }
                return set
            })
        for _ in keyIDs { await journal.refresh(keys) }
        return log.lines
    }

    private final class NextSet: Sendable {
        private let left: Mutex<[FetchedKeys?]>
        init(_ left: consuming Mutex<[FetchedKeys?]>) { self.left = left }
        func take() -> FetchedKeys? { left.withLock { $0.removeFirst() } }
    }

    @Test func `fetched keys are logged if they changed or came after a failure`() async throws {
        #expect(try await Self.run(keyIDs: ["k1", "k1", "k1"]) == ["notice -"])
        #expect(try await Self.run(keyIDs: ["k1", "k2", "k2"]) == ["notice -", "notice -"])
        let lines = try await Self.run(keyIDs: ["k1", nil, nil, nil, "k1", "k1"])
        #expect(lines.map { $0.prefix(7) } == ["notice ", "warning", "warning", "notice "])
    }

    @Test func `the same failure is logged less and less often`() async {
        let lines = await Self.run(Array(repeating: .unavailable("it is down"), count: 20))
        #expect(lines == Array(repeating: "error it is down", count: 5))
    }

    @Test func `another failure is logged at once, also a configuration error after the start`() async {
        let lines = await Self.run(
            Array(repeating: .unavailable("it is down"), count: 5) + [.configuration("the file is broken"), .refused("no")])
        #expect(lines.suffix(2) == ["error the file is broken", "error no"])
    }

    @Test func `a configuration error at the start is not logged`() async {
        #expect(await Self.run([.configuration("the file is broken")], isStarting: true).isEmpty)
        #expect(await Self.run([.unavailable("it is down")], isStarting: true).count == 1)
    }
}
