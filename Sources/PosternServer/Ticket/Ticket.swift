// SPDX-License-Identifier: Apache-2.0
import PostPolicy

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a client needs to upload one file, and until when.
struct Ticket: Sendable {
    /// A UUID of version 7; the key holds the same one where its template has `{uuid}`.
    let id: String
    /// Where to post the form; ends in `/`.
    let url: String
    /// The form's fields in the order to send them, the file after them.
    let form: SignedForm
    let key: String
    /// The sizes that the store will accept, in bytes.
    let sizes: ClosedRange<Int>
    let expiresAt: Date
    let serverTime: Date
    let rule: String
}
