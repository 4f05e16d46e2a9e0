// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether every byte of the UTF-8 is as asked for. (Iterating over `utf8` costs several times as much.)
    package func allBytes(_ isAllowed: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isAllowed) } ?? utf8.allSatisfy(isAllowed)
    }
}
