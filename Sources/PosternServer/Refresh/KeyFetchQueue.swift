// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UserAuth

/// Which issuers' keys are fetched next. Bounded, so that hundreds of providers that hang cannot take the descriptors that
/// connections need; in turn, so that those which are tried again and again do not hold up the others.
final class KeyFetchQueue: Sendable {
    /// The most fetches at once.
    static let capacity = 32

    private struct State {
        var running = 0
        /// Where the last round stopped.
        var position = 0
    }

    private let state = Mutex(State())

    /// Those that are due and whose turn it is; each must be told to have ``ended()``.
    func next(of all: [RemoteKeys], at uptime: Duration) -> [RemoteKeys] {
        state.withLock { state in
            var chosen: [RemoteKeys] = []
            let start = state.position
            for offset in all.indices where state.running < Self.capacity {
                let index = (start + offset) % all.count
                state.position = (index + 1) % all.count
                guard all[index].isDue(at: uptime) else { continue }
                chosen.append(all[index])
                state.running += 1
            }
            return chosen
        }
    }

    func ended() {
        state.withLock { $0.running -= 1 }
    }
}
