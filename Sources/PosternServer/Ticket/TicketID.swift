// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits.
enum TicketID {
    /// - Parameters:
    ///   - time: the instant of the ticket
    ///   - random: where the random bits come from; the system's generator in the service
    /// - Returns: 36 characters, lower case
    static func make(at time: Date, random: inout some RandomNumberGenerator) -> String {
        let milliseconds = UInt64(min(max(0, time.timeIntervalSince1970) * 1000, 0xffff_ffff_ffff))
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0fff
        let low = 0x8000_0000_0000_0000 | random.next() >> 2
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            func write(_ value: UInt64, digits: ClosedRange<Int>) {
                for digit in digits {
                    text[position] = Hexadecimal.digit(UInt8(value >> UInt64(60 - 4 * digit) & 0xf))
                    position += 1
                }
            }
            func dash() {
                text[position] = UInt8(ascii: "-")
                position += 1
            }
            write(high, digits: 0...7)
            dash()
            write(high, digits: 8...11)
            dash()
            write(high, digits: 12...15)
            dash()
            write(low, digits: 0...3)
            dash()
            write(low, digits: 4...15)
            return position
        }
    }
}
