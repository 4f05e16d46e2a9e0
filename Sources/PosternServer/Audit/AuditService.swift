// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import ServiceLifecycle

/// Does what the audit log needs while nothing is written to it, and closes it at the end.
struct AuditService: Service, CustomStringConvertible {
    let audit: AuditLog
    let clock: ServiceClock

    /// How often requests that wait too long are looked for.
    private static let interval = Duration.milliseconds(100)
    /// How often counted refusals are written, and a log that cannot be written is tried again: every so many intervals.
    private static let intervalsOfUpkeep = 10
    /// How often a log that cannot be written is tried again before the service stops.
    private static let attemptsAtEnd = 10

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    var description: String { "audit log" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for turn in 1... {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                audit.failLate()
                if turn % Self.intervalsOfUpkeep == 0 { audit.upkeep(at: clock.now()) }
            }
        }
        for _ in 0..<Self.attemptsAtEnd where audit.hasUntoldGap {
            audit.upkeep(at: clock.now())
            try? await Task.sleep(for: Self.interval)
        }
        audit.stop(at: clock.now())
    }
}
