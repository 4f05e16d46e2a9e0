// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads what a child prints and waits for its end; blocks. The child is always reaped, and killed with its group where it does
/// not end by itself.
struct ChildWatch {
    let child: pid_t
    /// Its standard output, which does not block.
    let pipe: Int32
    let deadline: ContinuousClock.Instant
    let limit: Int
    let isCancelled: CancellationMark

    func outcome() -> ChildProcess.Outcome {
        var output: [UInt8] = []
        var isOpen = true
        var pause: Int32 = 1
        while true {
            // Looked up before reading: what it wrote before its end is in the pipe by then.
            let hasEnded = hasEnded()
            if isOpen { isOpen = read(into: &output) }
            if output.count > limit { return killed(.tooLarge) }
            // A process that it left behind may keep the pipe open; nobody waits for that one.
            if hasEnded { return reaped(output) }
            if isCancelled.isSet { return killed(.cancelled) }
            if ContinuousClock.now >= deadline { return killed(.timedOut) }
            wait(isOpen: isOpen, milliseconds: pause)
            pause = min(pause * 2, 50)
        }
    }

    /// Waits for output, or where there will be none any more, for a moment.
    private func wait(isOpen: Bool, milliseconds: Int32) {
        var waited = pollfd(fd: isOpen ? pipe : -1, events: Int16(POLLIN), revents: 0)
        _ = poll(&waited, 1, milliseconds)
    }

    /// Reads all that is there; false at the end.
    private func read(into output: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while output.count <= limit {
            #if canImport(Glibc)
                let count = chunk.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
                let count = chunk.withUnsafeMutableBytes { Musl.read(pipe, $0.baseAddress, $0.count) }
            #else
                let count = chunk.withUnsafeMutableBytes { Darwin.read(pipe, $0.baseAddress, $0.count) }
            #endif
            if count > 0 { output += chunk.prefix(count) }
            if count == 0 { return false }
            if count < 0, errno != EINTR { return errno == EAGAIN || errno == EWOULDBLOCK }
        }
        return true
    }

    /// Whether the child has ended; it stays to be reaped, so that its number still is its own.
    private func hasEnded() -> Bool {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else {
            // With SIGCHLD ignored the system reaps by itself: it has ended, nobody knows how, and its number is no longer its.
            return errno == ECHILD
        }
        return info.si_signo != 0
    }

    private func reaped(_ output: [UInt8]) -> ChildProcess.Outcome {
        let status = reap()
        let signal = status & 0x7f
        return signal == 0 ? .exited(status: (status >> 8) & 0xff, output: output) : .killed(signal: signal)
    }

    /// Ends the child and all of its group. Before it is reaped, so that the group's number cannot be another's by then.
    private func killed(_ outcome: ChildProcess.Outcome) -> ChildProcess.Outcome {
        kill(-child, SIGKILL)
        kill(child, SIGKILL)
        _ = reap()
        return outcome
    }

    private func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
