// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program that is run for what it prints: in a process group of its own, bounded in time and bytes, with nothing on its
/// standard input and nobody on its standard error. It inherits no descriptor and no setting of signals.
struct ChildProcess {
    /// The program, looked up in `PATH`, and its arguments.
    let words: [String]
    let variables: [String: String]
    let timeout: Duration
    let limit: Int

    /// How it ended.
    enum Outcome: Sendable, Equatable {
        case exited(status: Int32, output: [UInt8])
        case killed(signal: Int32)
        case timedOut
        case tooLarge
        case cancelled
        /// A part of a sentence.
        case notStarted(reason: String)
    }

    /// Runs it. Waiting is done by a thread of its own, since it blocks; when the task is cancelled, the program is killed.
    func run() async -> Outcome {
        let isCancelled = CancellationMark()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A queue of its own gets a thread even where all others wait.
                DispatchQueue(label: "credential_process").async {
                    continuation.resume(returning: runBlocking(isCancelled))
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    private func runBlocking(_ isCancelled: CancellationMark) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard Self.makePipe(&ends) else { return .notStarted(reason: "there is no room for a pipe") }
        defer { close(ends[0]) }
        let started = spawn(output: ends[1])
        close(ends[1])
        switch started {
        case .failure(let refusal): return .notStarted(reason: refusal.reason)
        case .success(let child):
            let deadline = ContinuousClock.now + timeout
            return ChildWatch(child: child, pipe: ends[0], deadline: deadline, limit: limit, isCancelled: isCancelled).outcome()
        }
    }

    /// A pipe that no other program inherits, above the three descriptors that a program finds open.
    private static func makePipe(_ ends: inout [Int32]) -> Bool {
        var made: [Int32] = [-1, -1]
        guard pipe(&made) == 0 else { return false }
        ends = made.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        for end in made { close(end) }
        guard ends.allSatisfy({ $0 >= 0 }), fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else {
            for end in ends where end >= 0 { close(end) }
            return false
        }
        return true
    }
}

/// Whether the task that waits was cancelled.
final class CancellationMark: Sendable {
    private let isSetFlag = Atomic(false)

    var isSet: Bool { isSetFlag.load(ordering: .relaxed) }

    func set() { isSetFlag.store(true, ordering: .relaxed) }
}
