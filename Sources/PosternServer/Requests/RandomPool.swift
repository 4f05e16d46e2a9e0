// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The system's random bits, fetched in blocks: a system call for each ticket would cost more than its signature.
final class RandomPool: RandomNumberGenerator, Sendable {
    private struct State {
        var words: [UInt64] = []
        /// The index of the next word to return.
        var position = 0
    }

    /// Words in a block: 2 KB.
    private static let count = 256

    private let state = Mutex(State())

    /// Returns each word once and erases it.
    func next() -> UInt64 {
        state.withLock { state in
            if state.position == state.words.count {
                Self.fill(&state.words)
                state.position = 0
            }
            let word = state.words[state.position]
            state.words[state.position] = 0
            state.position += 1
            return word
        }
    }

    /// Makes the id of a request: 128 random bits as 32 hexadecimal digits.
    func makeRequestID() -> String {
        let words = (next(), next())
        return String(unsafeUninitializedCapacity: 32) { text in
            for digit in 0..<16 {
                text[digit] = Hexadecimal.digit(UInt8(words.0 >> UInt64(4 * digit) & 0xf))
                text[16 + digit] = Hexadecimal.digit(UInt8(words.1 >> UInt64(4 * digit) & 0xf))
            }
            return 32
        }
    }

    private static func fill(_ words: inout [UInt64]) {
        if words.isEmpty { words = Array(repeating: 0, count: count) }
        #if canImport(Glibc) || canImport(Musl)
            // Calls for up to 256 bytes are never interrupted or partial (getentropy(3)).
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
