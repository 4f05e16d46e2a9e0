// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The first fetch of everything, begun before the listener is open and ended with the service at the latest.
final class InitialFetch: Sendable {
    private let tasks: [Task<Void, Never>]
    private let progress: Progress

    /// What the tasks tell.
    private final class Progress: Sendable {
        let left: Atomic<Int>
        /// Whether the start still waits, and will tell by itself what is wrong.
        let isWaitedFor = Atomic(true)

        init(count: Int) {
            left = Atomic(count)
        }
    }

    /// Begins all fetches at the same time, but of many issuers only the first; the others follow in the background.
    init(_ sources: [any RefreshedSource], _ journal: RefreshLog) {
        let first = RefreshQueue().next(of: sources, at: journal.clock.moment())
        let progress = Progress(count: first.count)
        self.progress = progress
        tasks = first.map { source in
            Task {
                await journal.refresh(source) { progress.isWaitedFor.load(ordering: .relaxed) }
                progress.left.subtract(1, ordering: .releasing)
            }
        }
    }

    /// Waits until all have ended, or for as long as the start has patience; the others go on.
    func wait(_ patience: Duration) async {
        let deadline = Uptime.now() + patience
        while progress.left.load(ordering: .acquiring) > 0, Uptime.now() < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
        progress.isWaitedFor.store(false, ordering: .relaxed)
    }

    /// Ends what still runs: a program that was started for credentials must not outlive the service.
    func end() async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
