// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// Renews keys and credentials in the background: looks twice a second what is due and fetches it.
///
/// One short beat instead of a timer a source: what is due follows from the clocks at each beat, so a machine that slept, or
/// whose clock was set, is right again after half a second.
struct RefreshService: Service, CustomStringConvertible {
    private static let beat = Duration.milliseconds(500)

    private let state: ServiceState
    private let journal: RefreshLog
    private let clock: ServiceClock
    private let queue = RefreshQueue()

    /// The lifecycle logs its services: the name, not the contents.
    let description = "refresh of keys and credentials"

    init(state: ServiceState, logger: Logger, clock: ServiceClock) {
        self.state = state
        self.clock = clock
        journal = RefreshLog(logger: logger, clock: clock)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    beat(&group)
                    try? await Task.sleep(for: Self.beat)
                }
                group.cancelAll()
            }
        }
        await state.firstRound.end()
    }

    private func beat(_ group: inout DiscardingTaskGroup) {
        let sources = state.current.refreshed
        let moment = clock.moment()
        for source in sources { source.expire(at: moment) }
        for source in queue.next(of: sources, at: moment) {
            group.addTask { [journal, queue] in
                await journal.refresh(source)
                queue.ended(source)
            }
        }
    }
}
