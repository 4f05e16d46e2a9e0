// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The system's random bits, fetched some at a time: a system call for each ticket would cost more than its signature.
final class RandomPool: RandomNumberGenerator, Sendable {
    private struct State {
        var words: [UInt64] = []
        /// How many of them have been handed out.
        var used = 0
    }

    /// 2 KB.
    private static let count = 256

    private let state = Mutex(State())

    /// Each word is handed out once, and not kept.
    func next() -> UInt64 {
        state.withLock { state in
            if state.used == state.words.count {
                Self.fill(&state.words)
                state.used = 0
            }
            let word = state.words[state.used]
            state.words[state.used] = 0
            state.used += 1
            return word
        }
    }

    private static func fill(_ words: inout [UInt64]) {
        if words.isEmpty { words = Array(repeating: 0, count: count) }
        #if canImport(Glibc) || canImport(Musl)
            // Up to 256 bytes come whole and uninterrupted (getentropy(3)).
            let isFilled = words.withUnsafeMutableBytes { bytes in
                stride(from: 0, to: bytes.count, by: 256).allSatisfy {
                    getentropy(bytes.baseAddress?.advanced(by: $0), min(256, bytes.count - $0)) == 0
                }
            }
            if isFilled { return }
        #endif
        var system = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = system.next() }
    }
}
