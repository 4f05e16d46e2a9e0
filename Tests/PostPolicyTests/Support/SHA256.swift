// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SHA-256 as FIPS 180-4 writes it, slowly, so that tests have a digest that is not the one under test.
func sha256(_ message: [UInt8]) -> String {
    func fractionBits(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 4_294_967_296) }
    func isPrime(_ number: Int) -> Bool { number > 1 && !(2..<number).contains { number % $0 == 0 } }
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    let primes = Array((2...311).filter(isPrime).prefix(64)).map(Double.init)
    let constants = primes.map { fractionBits(cbrt($0)) }
    var hash = primes.prefix(8).map { fractionBits($0.squareRoot()) }

    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) { padded.append(UInt8(truncatingIfNeeded: (message.count * 8) >> shift)) }

    for start in stride(from: 0, to: padded.count, by: 64) {
        var words = (0..<16).map { word in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(padded[start + 4 * word + $1]) } }
        for index in 16..<64 {
            let (early, late) = (words[index - 15], words[index - 2])
            let small = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
            let large = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
            words.append(words[index - 16] &+ small &+ words[index - 7] &+ large)
        }
        var state = hash
        for index in 0..<64 {
            let choice = state[4] & state[5] ^ ~state[4] & state[6]
            let majority = state[0] & state[1] ^ state[0] & state[2] ^ state[1] & state[2]
            let upper = rotated(state[4], 6) ^ rotated(state[4], 11) ^ rotated(state[4], 25)
            let lower = rotated(state[0], 2) ^ rotated(state[0], 13) ^ rotated(state[0], 22)
            let first = state[7] &+ upper &+ choice &+ constants[index] &+ words[index]
            state = [first &+ lower &+ majority, state[0], state[1], state[2], state[3] &+ first, state[4], state[5], state[6]]
        }
        hash = zip(hash, state).map { $0 &+ $1 }
    }
    return hash.map { word in
        String(repeating: "0", count: word.leadingZeroBitCount / 4 - (word == 0 ? 1 : 0)) + String(word, radix: 16)
    }.joined()
}
