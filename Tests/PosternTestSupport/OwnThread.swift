// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs what may block on a thread of its own: Swift has as many threads as cores, and all tests share them.
///
/// - Throws: What `work` throws; `CancellationError` if the test reaches its time limit first. The thread then runs on.
package func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    let results = AsyncStream<Result<Value, any Error>>.makeStream()
    DispatchQueue(label: "test").async {
        results.continuation.yield(Result { try work() })
        results.continuation.finish()
    }
    for await result in results.stream { return try result.get() }
    throw CancellationError()
}
