// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP

/// Why an issuer's keys could not be fetched. The description is a sentence that says what to do.
///
/// Of what was received it holds the status and, of a key set, ids in printable ASCII, shortened; nothing else.
package struct KeyFetchError: Error, Sendable, CustomStringConvertible {
    /// What was asked for.
    package let document: Document
    package let cause: Cause

    package enum Document: String, Sendable, Hashable {
        case discovery = "discovery document"
        case keySet = "key set"
    }

    package enum Cause: Sendable {
        /// It may not be requested: the URL is neither https nor on this machine.
        case notPrivate
        case failure(OutgoingError)
        case redirect(status: Int)
        case status(Int)
        /// It is not JSON at this place, counted from 1.
        case notJSON(line: Int, byte: Int)
        /// The document names no issuer, or no key set.
        case incomplete
        /// The document is another issuer's.
        case issuerMismatch
        case keySet(KeySetError)
    }

    package init(_ document: Document, _ cause: Cause) {
        self.document = document
        self.cause = cause
    }
}
