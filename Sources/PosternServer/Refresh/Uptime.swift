// SPDX-License-Identifier: Apache-2.0

/// A clock that never jumps, whatever is done to the wall clock: for ages, pauses and cooldowns.
package enum Uptime {
    private static let start = ContinuousClock.now

    /// The time since this process first asked.
    package static func now() -> Duration {
        ContinuousClock.now - start
    }
}
