// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The system's random bits, fetched some at a time: a system call for each ticket would cost more than its signature.
final class RandomPool: RandomNumberGenerator, Sendable {
    private static let size = 128

    private let words = Mutex<[UInt64]>([])

    /// Each word is handed out once.
    func next() -> UInt64 {
        words.withLock { words in
            if words.isEmpty {
                var system = SystemRandomNumberGenerator()
                words = (0..<Self.size).map { _ in system.next() }
            }
            return words.removeLast()
        }
    }
}
