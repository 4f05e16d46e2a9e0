// SPDX-License-Identifier: Apache-2.0

/// The limits of the design on what operators write.
enum YAMLLimits {
    /// 256 KiB a file.
    static let bytes = 256 * 1024
    /// 16 levels of lists and mappings. Yams composes by recursion; a nesting of 400 overflows a stack of 512 KiB.
    static let depth = 16
    /// Yams stops at the first duplicate key, so each one costs a pass over the file: at most 20 of them, and fewer in a
    /// large file, so that all passes together read no more than this.
    static let duplicateKeys = 20
    static let recomposedBytes = 1024 * 1024
}
