// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// A program that is run for its output, in its own process group, bounded in time and bytes. Its standard input is empty, and its
/// standard error is discarded. It inherits no descriptors and no signal settings.
struct ChildProcess: Sendable {
    /// The program, looked up in `PATH`, and its arguments.
    let words: [String]
    let variables: [String: String]
    let timeout: Duration
    /// The maximum size of its output, in bytes.
    let limit: Int

    /// How the run ended.
    enum Outcome: Sendable, Equatable {
        case exited(status: Int32, output: [UInt8])
        case killed(signal: Int32)
        case timedOut
        case tooLarge
        case cancelled
        /// The reason is part of a sentence.
        case notStarted(reason: String)
    }

    /// Runs the program. On timeout, and when the task is cancelled, it is killed with its process group. Returns when the program
    /// exits, even if a process that it started keeps the output open.
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
        // The whole group is killed at once, without time to clean up.
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

    /// The variables, without those that Subprocess refuses: names must not begin with a digit (POSIX, "Environment Variables").
    private var environment: Environment {
        let pairs = variables.compactMap { name, value -> (Environment.Key, String)? in
            if let first = name.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { return nil }
            return (Environment.Key(stringLiteral: name), value)
        }
        return .custom(Dictionary(pairs) { first, _ in first })
    }

    private static func reason(_ error: SubprocessError) -> String {
        if error.code == .executableNotFound {
            return "there is no such program in PATH, or the account of Postern may not run it"
        }
        return switch error.underlyingError {
        case .execFormatError: "it is not a program: does its first line begin with #! ?"
        case .resourceTemporarilyUnavailable, .noMemory:
            "the system cannot start another process: raise the limit of processes, or free memory"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "too many files are open: raise the limit of open files"
        case let other?: "error \(other.rawValue)"
        case nil: "unknown error"
        }
    }
}
