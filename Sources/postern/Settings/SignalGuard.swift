// SPDX-License-Identifier: Apache-2.0

import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Signals before the service group handles them: a start may wait for what is slow outside, and as the first process of a
/// container nothing would end it.
enum SignalGuard {
    /// Does something that SIGTERM and SIGINT end.
    /// - Returns: nil where a signal came first; the work was cancelled then, and has ended
    static func run<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result? {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            defer { group.cancelAll() }
            do {
                return try await group.next() ?? nil
            } catch is CancellationError {
                return nil
            }
        }
    }

    /// What a parent process may have set: with SIGCHLD ignored the end of a `credential_process` cannot be learned.
    static func setDefaults() {
        signal(SIGCHLD, SIG_DFL)
    }
}
