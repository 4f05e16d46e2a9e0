// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The system's random bits, fetched some at a time: a system call for each ticket would cost more than its signature.
final class RandomPool: RandomNumberGenerator, Sendable {
    private static let size = 32

    private let words = Mutex<[UInt64]>([])

    /// Each word is handed out once.
    func next() -> UInt64 {
        words.withLock { words in
            if words.isEmpty { words = Self.fetch() }
            return words.removeLast()
        }
    }

    private static func fetch() -> [UInt64] {
        #if canImport(Glibc) || canImport(Musl)
            // Up to 256 bytes come whole and uninterrupted (getentropy(3)).
            var words = [UInt64](repeating: 0, count: size)
            if words.withUnsafeMutableBytes({ getentropy($0.baseAddress, $0.count) == 0 }) { return words }
        #endif
        var system = SystemRandomNumberGenerator()
        return (0..<size).map { _ in system.next() }
    }
}
