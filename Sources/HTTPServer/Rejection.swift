// SPDX-License-Identifier: Apache-2.0

/// Why a connection rejects a request before it reaches an endpoint. The connection closes after the response.
package enum Rejection: Sendable, Equatable {
    /// Not HTTP/1, or framed so that two parsers could interpret it differently. The text says what is wrong.
    case malformed(String)
    /// The header fields exceed the limit, in bytes.
    case headersTooLarge(limit: Int)
    /// The request target exceeds the limit, in bytes.
    case targetTooLong(limit: Int)
    /// The body exceeds the limit, in bytes.
    case bodyTooLarge(limit: Int)
    /// The request was not complete within this time.
    case timedOut(seconds: Int)
    /// There are too many connections, in total or from this peer.
    case tooManyConnections
    /// The connections hold too much memory.
    case outOfMemoryBudget
}
