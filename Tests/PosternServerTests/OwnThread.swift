// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs what may block on a thread of its own: Swift's are as few as the cores, and all tests share them.
/// - Throws: `CancellationError` where the test is ended meanwhile, by its time limit; the thread is left to itself then
func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
    let results = AsyncStream<Value>.makeStream()
    DispatchQueue(label: "test").async {
        results.continuation.yield(work())
        results.continuation.finish()
    }
    for await value in results.stream { return value }
    throw CancellationError()
}
