// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension CivilTime {
    /// `20260101`, as credential scopes have it.
    package var yyyymmdd: String {
        text(capacity: 8) { $0.date(self, separator: nil) }
    }

    /// `20260101T000500Z`, as `X-Amz-Date` has it (ISO 8601, basic format).
    package var iso8601Basic: String {
        text(capacity: 16) {
            $0.date(self, separator: nil)
            $0.byte(UInt8(ascii: "T"))
            $0.time(self, separator: nil)
            $0.byte(UInt8(ascii: "Z"))
        }
    }

    /// `2026-01-01T00:05:00Z`, as policies and answers have it (ISO 8601, extended format).
    package var iso8601Extended: String {
        text(capacity: 20) {
            $0.date(self, separator: UInt8(ascii: "-"))
            $0.byte(UInt8(ascii: "T"))
            $0.time(self, separator: UInt8(ascii: ":"))
            $0.byte(UInt8(ascii: "Z"))
        }
    }

    private func text(capacity: Int, _ write: (inout DigitWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { buffer in
            var writer = DigitWriter(buffer: buffer)
            write(&writer)
            return writer.count
        }
    }
}

/// Writes digits into the room of a string that is being made.
private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func byte(_ byte: UInt8) {
        buffer[count] = byte
        count += 1
    }

    mutating func twoDigits(_ number: Int) {
        byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    mutating func date(_ time: CivilTime, separator: UInt8?) {
        twoDigits(time.year / 100)
        twoDigits(time.year % 100)
        if let separator { byte(separator) }
        twoDigits(time.month)
        if let separator { byte(separator) }
        twoDigits(time.day)
    }

    mutating func time(_ time: CivilTime, separator: UInt8?) {
        twoDigits(time.secondOfDay / 3600)
        if let separator { byte(separator) }
        twoDigits(time.secondOfDay / 60 % 60)
        if let separator { byte(separator) }
        twoDigits(time.secondOfDay % 60)
    }
}
