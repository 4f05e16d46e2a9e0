// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import Synchronization
import Testing

@testable import PosternServer

@Suite("The log of refreshes")
struct RefreshJournalTests {
    /// Lines as `level error`.
    private final class Lines: Sendable {
        private let held = Mutex<[String]>([])
        var all: [String] { held.withLock { $0 } }
        func add(_ line: String) { held.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.add("\(event.level) \(event.metadata?["error"]?.description ?? "-")")
        }
    }

    private static func run(_ problems: [CredentialProblem], isStarting: Bool = false) async -> [String] {
        let lines = Lines()
        let journal = RefreshJournal(logger: Logger(label: "test") { _ in Handler(lines: lines) })
        let left = Mutex(problems)
        let next = NextProblem(left)
        let credentials = RefreshingCredentials(origin: .standard, useless: 90) { () async throws(CredentialProblem) in
            throw next.take()
        }
        for _ in problems { await journal.refresh(credentials) { isStarting } }
        return lines.all
    }

    private final class NextProblem: Sendable {
        private let left: Mutex<[CredentialProblem]>
        init(_ left: consuming Mutex<[CredentialProblem]>) { self.left = left }
        func take() -> CredentialProblem { left.withLock { $0.removeFirst() } }
    }

    @Test("The same failure is told ever more rarely")
    func rarely() async {
        let lines = await Self.run(Array(repeating: .unavailable("it is down"), count: 20))
        #expect(lines == Array(repeating: "error it is down", count: 5))
    }

    @Test("Another failure is told at once, also a mistake that came after the start")
    func change() async {
        let lines = await Self.run(
            Array(repeating: .unavailable("it is down"), count: 5) + [.configuration("the file is broken"), .refused("no")])
        #expect(lines.suffix(2) == ["error the file is broken", "error no"])
    }

    @Test("A mistake that ends the start is left to the start")
    func start() async {
        #expect(await Self.run([.configuration("the file is broken")], isStarting: true).isEmpty)
        #expect(await Self.run([.unavailable("it is down")], isStarting: true).count == 1)
    }
}
