// SPDX-License-Identifier: Apache-2.0

/// Why a body is not the multipart/form-data that its Content-Type promised.
///
/// The store answers all but `headTooLong` as S3's `MalformedPOSTRequest`; the cases are for the log and the tests.
package enum MultipartError: Error, Sendable, Equatable {
    /// After a boundary came neither a line end nor the closing `--` (RFC 2046 §5.1.1).
    case malformedDelimiter
    /// A part's header lines, or the padding after a boundary, are longer than the limit.
    case headTooLong
    /// A header line without a colon, folded, with a control character, or not UTF-8.
    case malformedHeader
    /// A part without exactly one `Content-Disposition: form-data` that has a `name` (RFC 7578 §4.2).
    case malformedDisposition
    /// The body ended before the closing boundary.
    case truncated
}
