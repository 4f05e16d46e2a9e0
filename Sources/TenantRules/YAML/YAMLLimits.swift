// SPDX-License-Identifier: Apache-2.0

/// The limits of the design on what operators write.
enum YAMLLimits {
    /// 256 KiB a file.
    static let bytes = 256 * 1024
    /// 16 levels of lists and mappings. Yams composes by recursion; a nesting of 400 overflows a stack of 512 KiB.
    static let depth = 16
    /// Yams stops at the first duplicate key, so each one costs a pass over the file.
    static let duplicateKeys = 20
}
