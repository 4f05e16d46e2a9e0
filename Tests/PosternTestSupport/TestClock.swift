// SPDX-License-Identifier: Apache-2.0

package import Foundation
package import OutgoingHTTP
import Synchronization

/// A wall clock and an uptime that only a test moves.
package final class TestClock: Sendable {
    private let state: Mutex<Moment>

    /// - Parameter uptime: Any: only differences count.
    package init(date: Date = .january2027, uptime: Duration = .seconds(1000)) {
        state = Mutex(Moment(date: date, uptime: uptime))
    }

    package var moment: Moment { state.withLock { $0 } }
    package var date: Date { moment.date }
    package var uptime: Duration { moment.uptime }

    /// Moves both clocks on.
    package func advance(by duration: Duration) {
        state.withLock { $0 = Moment(date: $0.date + duration / .seconds(1), uptime: $0.uptime + duration) }
    }

    /// Sets the wall clock forward or back, as an operator does; the uptime stays.
    package func setWallClock(by seconds: Double) {
        state.withLock { $0 = Moment(date: $0.date + seconds, uptime: $0.uptime) }
    }
}

extension Date {
    /// 2026-01-01T00:00:00Z
    package static let newYear2026 = Date(timeIntervalSince1970: 1_767_225_600)
    /// 2027-01-15T08:00:00Z
    package static let january2027 = Date(timeIntervalSince1970: 1_800_000_000)
}
