// SPDX-License-Identifier: Apache-2.0

/// Why the connection itself refuses a request, before any route sees it. The connection closes after the response.
package enum Rejection: Sendable, Equatable {
    /// Not HTTP/1, or framed in a way that two readers could understand differently; the text says what is wrong.
    case malformed(String)
    /// The header fields are over this limit, in bytes.
    case headersTooLarge(limit: Int)
    /// The request target is over this limit, in bytes.
    case targetTooLong(limit: Int)
    /// The body is over this limit, in bytes.
    case bodyTooLarge(limit: Int)
    /// The request was not complete after so many seconds.
    case timedOut(seconds: Int)
    /// There are too many connections, in all or from this peer.
    case tooManyConnections
    /// The connections hold as much memory as they may.
    case outOfMemoryBudget
}
