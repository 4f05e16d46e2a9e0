// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Runs a connection's tasks on the connection's own event loop.
///
/// Without it every part of a request that the event loop hands to a task, and every part of the answer handed back, wakes
/// another thread. Nothing on a request's way blocks, so the event loop may run it.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
