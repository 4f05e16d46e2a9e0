// SPDX-License-Identifier: Apache-2.0

/// What a form's reader saw next.
package enum FormEvent: Sendable, Equatable {
    /// The file begins: all fields that count are known.
    case fileBegan(ParsedForm)
    /// A piece of the file, never empty.
    case fileData(ArraySlice<UInt8>)
    case fileEnded
}
