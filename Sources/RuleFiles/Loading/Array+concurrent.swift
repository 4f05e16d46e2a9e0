// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

extension Array where Element: Sendable {
    /// Returns what a function makes of each element, in their order. All processors are used, so this is for a start or a command, not
    /// for a service that has requests to answer.
    func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        let partSize = 64
        let parts = Mutex<[[Result]]>(Array<[Result]>(repeating: [], count: (count + partSize - 1) / partSize))
        DispatchQueue.concurrentPerform(iterations: (count + partSize - 1) / partSize) { part in
            let results = self[(part * partSize)..<Swift.min((part + 1) * partSize, count)].map(transform)
            parts.withLock { $0[part] = results }
        }
        return parts.withLock { $0.flatMap(\.self) }
    }
}
