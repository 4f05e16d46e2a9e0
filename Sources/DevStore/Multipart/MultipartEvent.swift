// SPDX-License-Identifier: Apache-2.0

/// What the parser saw next. A part is `partBegan`, any number of `partData`, `partEnded`.
package enum MultipartEvent: Sendable, Equatable {
    case partBegan(PartHead)
    /// A piece of the part's content, never empty. Where the pieces are cut depends on how the body arrived.
    case partData(ArraySlice<UInt8>)
    case partEnded
    /// The closing boundary; whatever follows is the epilogue and is dropped.
    case ended
}
