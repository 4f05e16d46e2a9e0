// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What a client needs to upload one file, and until when.
package struct Ticket: Sendable {
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
    /// ``expiresAt`` in ISO 8601.
    let expiry: String
    let serverTime: Date
    let rule: String

    package init(
        id: String,
        url: String,
        form: SignedForm,
        key: String,
        sizes: ClosedRange<Int>,
        expiresAt: Date,
        serverTime: Date,
        rule: String
    ) {
        self.id = id
        self.url = url
        self.form = form
        self.key = key
        self.sizes = sizes
        self.expiresAt = expiresAt
        expiry = expiresAt.rfc3339
        self.serverTime = serverTime
        self.rule = rule
    }
}
