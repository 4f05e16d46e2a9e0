// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Synchronization

/// Which sources are fetched next. Of those that are bounded only some run at the same time, and in turn, so that those which
/// are tried again and again do not hold up the others.
final class RefreshQueue: Sendable {
    /// The most fetches of bounded sources at once.
    static let capacity = 32

    private struct State {
        var running = 0
        /// Where the next round begins: at the first that had no room.
        var position = 0
    }

    private let state = Mutex(State())

    /// The sources that are due and have their turn; for each, ``ended(_:)`` must be called.
    func next(of all: [any RefreshedSource], at moment: Moment) -> [any RefreshedSource] {
        state.withLock { state in
            var chosen: [any RefreshedSource] = []
            let start = state.position
            var firstWithoutRoom: Int?
            for offset in all.indices {
                let index = (start + offset) % all.count
                let source = all[index]
                if source.isBounded, state.running >= Self.capacity {
                    firstWithoutRoom = firstWithoutRoom ?? index
                    continue
                }
                guard source.isDue(at: moment) else { continue }
                chosen.append(source)
                if source.isBounded { state.running += 1 }
            }
            state.position = firstWithoutRoom ?? start
            return chosen
        }
    }

    func ended(_ source: any RefreshedSource) {
        guard source.isBounded else { return }
        state.withLock { $0.running -= 1 }
    }
}
