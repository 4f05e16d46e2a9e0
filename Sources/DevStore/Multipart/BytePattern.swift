// SPDX-License-Identifier: Apache-2.0

/// A byte string to look for in a stream (Boyer–Moore–Horspool).
///
/// A boundary is some 40 bytes long, so the search looks at one byte in 40 of a file: that keeps a debug build, which is what
/// `postern dev` often is, as fast as the disk.
struct BytePattern: Sendable {
    let bytes: [UInt8]
    private let shifts: [Int]

    /// - Parameter bytes: what to look for; must not be empty.
    init(_ bytes: [UInt8]) {
        precondition(!bytes.isEmpty, "an empty pattern is found everywhere")
        var shifts = [Int](repeating: bytes.count, count: 256)
        for (index, byte) in bytes.dropLast().enumerated() {
            shifts[Int(byte)] = bytes.count - 1 - index
        }
        self.bytes = bytes
        self.shifts = shifts
    }

    /// The index where the pattern first begins at or after `start`, if the whole of it is there.
    func firstIndex(in haystack: [UInt8], from start: Int) -> Int? {
        let last = bytes.count - 1
        var index = start
        while index + last < haystack.count {
            let final = haystack[index + last]
            if final == bytes[last] {
                var matched = 0
                while matched < last, haystack[index + matched] == bytes[matched] {
                    matched += 1
                }
                if matched == last {
                    return index
                }
            }
            index += shifts[Int(final)]
        }
        return nil
    }
}
