// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether every byte of the UTF-8 satisfies the condition. (Iterating over `utf8` costs several times as much.)
    package func allBytes(_ condition: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(condition) } ?? utf8.allSatisfy(condition)
    }
}
