// SPDX-License-Identifier: Apache-2.0

/// The generator of Infineon's RSALib, whose moduli can be factored (ROCA, CVE-2017-15361).
///
/// Its primes are powers of 65537 modulo a product of small primes, and so is their product: a modulus that is such a power
/// modulo every small prime was almost certainly made by it. (Nemec, Sys, Svenda, Klinec, Matyas: "The Return of
/// Coppersmith's Attack", 2017, section 3.3. A sound modulus passes for one with a chance of about 2^-27.)
enum BrokenRSAGenerator {
    private static let smallPrimes: [UInt32] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
        131, 137, 139, 149, 151, 157, 163, 167,
    ]

    /// Whether a modulus (big-endian) bears the generator's mark.
    static func mayHaveMade(_ modulus: [UInt8]) -> Bool {
        smallPrimes.allSatisfy { prime in
            let remainder = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
            return isPower(remainder, modulo: prime)
        }
    }

    /// Whether a number is a power of 65537 modulo a prime.
    private static func isPower(_ number: UInt32, modulo prime: UInt32) -> Bool {
        let generator = 65537 % prime
        var power: UInt32 = 1
        repeat {
            if power == number { return true }
            power = power * generator % prime
        } while power != 1
        return false
    }
}
