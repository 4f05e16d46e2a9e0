// SPDX-License-Identifier: Apache-2.0

/// Why a body is not a form that S3 takes.
package enum FormReaderError: Error, Sendable, Equatable {
    /// Not multipart/form-data as its grammar wants it.
    case malformed(MultipartError)
    /// More than `FormReader.preFileLimit` bytes came before the file's content.
    case fieldsTooLong
    /// The form has no field `file`.
    case fileMissing
}
