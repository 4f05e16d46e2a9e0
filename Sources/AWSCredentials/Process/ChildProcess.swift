// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// A program that is run for its output: in a process group of its own, bounded in time and bytes, with an empty standard input
/// and a discarded standard error. It inherits no descriptor and no setting of signals.
struct ChildProcess: Sendable {
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

    /// Runs the program. After its time, and when the task is cancelled, it is killed with its process group. A process that it
    /// left behind and that holds the output open is not waited for.
    func run() async -> Outcome {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await runToEnd() }
            group.addTask {
                try? await Task.sleep(for: timeout, clock: .continuous)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? (Task.isCancelled ? .cancelled : .timedOut)
        }
    }

    private func runToEnd() async -> Outcome {
        guard let program = words.first else { return .notStarted(reason: "no program is named") }
        var options = PlatformOptions()
        options.processGroupID = 0
        // It has no time to clean up: the whole group is killed at once.
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        do {
            let result = try await Subprocess.run(
                program.utf8.contains(UInt8(ascii: "/")) ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(executablePathOverride: program, remainingValues: Array(words.dropFirst())),
                environment: environment,
                platformOptions: options,
                output: .bytes(limit: limit)
            )
            if Task.isCancelled { return .cancelled }
            switch result.terminationStatus {
            case .exited(let status): return .exited(status: status, output: result.standardOutput)
            case .signaled(let signal): return .killed(signal: signal)
            }
        } catch let error as SubprocessError {
            if Task.isCancelled { return .cancelled }
            return error.code == .outputLimitExceeded ? .tooLarge : .notStarted(reason: Self.reason(error))
        } catch {
            return .cancelled
        }
    }

    /// The variables, without those that Subprocess refuses: a name begins with no digit (POSIX, "Environment Variables").
    private var environment: Environment {
        let pairs = variables.compactMap { name, value -> (Environment.Key, String)? in
            if let first = name.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { return nil }
            return (Environment.Key(stringLiteral: name), value)
        }
        return .custom(Dictionary(pairs) { first, _ in first })
    }

    private static func reason(_ error: SubprocessError) -> String {
        if error.code == .executableNotFound {
            return "there is no such program in PATH, or it may not be run by the account that Postern runs as"
        }
        return switch error.underlyingError {
        case .execFormatError: "it is no program: does its first line begin with #! ?"
        case .resourceTemporarilyUnavailable, .noMemory: "the system has no room for another process"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "there is no room for a pipe"
        case let other?: "error \(other.rawValue)"
        case nil: "error without a number"
        }
    }
}
