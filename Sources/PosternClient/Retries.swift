// SPDX-License-Identifier: Apache-2.0

/// The clock and the random numbers of a client: parameters, so that tests need neither.
package struct ClientTiming: Sendable {
    /// Time since a fixed instant, also while the device sleeps.
    package var now: @Sendable () -> Duration
    /// Waits, and throws if the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A random number, 0 or more and less than 1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    /// The system's.
    package static let system: ClientTiming = {
        let start = ContinuousClock.now
        return ClientTiming(
            now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0, clock: .continuous) },
            random: { Double.random(in: 0..<1) })
    }()
}

/// Repeats what can succeed later, with waits that double.
struct Retries: Sendable {
    /// The wait before the second attempt is between a half of this and all of it.
    private static let firstWait = Duration.milliseconds(500)
    private static let longestBackoff = Duration.seconds(20)

    let configuration: PosternClient.Configuration
    let timing: ClientTiming

    /// Calls an operation until it succeeds, fails for good, or has failed as often as the configuration allows.
    func run<Value>(_ operation: () async throws(UploadError) -> Value) async throws(UploadError) -> Value {
        var failures = 0
        while true {
            guard !Task.isCancelled else { throw .aborted }
            do throws(UploadError) {
                return try await operation()
            } catch {
                failures += 1
                if Task.isCancelled { throw .aborted }
                guard error.isRetryable || error.needsNewTicket, failures < configuration.attempts else { throw error }
                guard let wait = wait(after: error, failures: failures) else { throw error }
                do { try await timing.sleep(wait) } catch { throw .aborted }
            }
        }
    }

    /// - Returns: nil if the server asks for a longer wait than the configuration allows
    private func wait(after error: UploadError, failures: Int) -> Duration? {
        // Another ticket can be had at once; the second time something else is wrong, such as a clock.
        if error.needsNewTicket, failures == 1 { return .zero }
        let backoff = min(Self.firstWait * (1 << min(failures - 1, 16)), Self.longestBackoff) * (0.5 + timing.random() / 2)
        guard let asked = error.retryAfter else { return backoff }
        return asked <= configuration.longestWait ? max(asked, backoff) : nil
    }
}
