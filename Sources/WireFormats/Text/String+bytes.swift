// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both strings have the same UTF-8 bytes.
    ///
    /// `==` follows canonical equivalence ("é" equals "e\u{301}"), which would treat two different member names as one, and
    /// normalises both strings if they are not ASCII.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                UnsafeRawBufferPointer(left).hasSameBytes(as: UnsafeRawBufferPointer(right))
            }
        }.flatMap { $0 } ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether the string comes before another one by the bytes of their UTF-8.
    package func bytesPrecede(_ other: String) -> Bool {
        utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                UnsafeRawBufferPointer(left).precedes(UnsafeRawBufferPointer(right))
            }
        }.flatMap { $0 } ?? utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Whether the UTF-8 bytes of another string, which should be short, are somewhere among those of this one.
    package func hasBytes(of other: String) -> Bool {
        guard utf8.count >= other.utf8.count else { return false }
        return utf8.withContiguousStorageIfAvailable { all in
            other.utf8.withContiguousStorageIfAvailable { part in
                UnsafeRawBufferPointer(all).contains(UnsafeRawBufferPointer(part))
            }
        }.flatMap { $0 } ?? (other.isEmpty || utf8.firstRange(of: other.utf8) != nil)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes of a buffer that is not longer are somewhere in this one.
    fileprivate func contains(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first else { return true }
        for start in 0...(count - part.count) where self[start] == first {
            if self[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }

    /// Compares eight bytes at a time; both buffers must have the same count.
    fileprivate func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= count {
            let left = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard left == other.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
            index += 8
        }
        while index < count {
            guard self[index] == other[index] else { return false }
            index += 1
        }
        return true
    }

    /// Compares eight bytes at a time.
    fileprivate func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        let common = Swift.min(count, other.count)
        var index = 0
        while index + 8 <= common {
            let left = UInt64(bigEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let right = UInt64(bigEndian: other.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            if left != right { return left < right }
            index += 8
        }
        while index < common {
            if self[index] != other[index] { return self[index] < other[index] }
            index += 1
        }
        return count < other.count
    }
}
