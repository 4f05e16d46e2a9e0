// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// The level from which lines are logged. It can change while the service runs.
package final class LogThreshold: Sendable {
    private static let levels = Logger.Level.allCases
    private let index: Atomic<Int>

    package init(_ level: Logger.Level) {
        index = Atomic(level.index)
    }

    package var level: Logger.Level {
        get { Self.levels[index.load(ordering: .relaxed)] }
        set { index.store(newValue.index, ordering: .relaxed) }
    }

    /// Whether a line of this level is logged.
    func logs(_ level: Logger.Level) -> Bool {
        level.index >= index.load(ordering: .relaxed)
    }
}

extension Logger.Level {
    /// The position in `allCases`, from the least severe.
    fileprivate var index: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}
