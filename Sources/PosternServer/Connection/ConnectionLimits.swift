// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What one connection may take: times in NIO's `TimeAmount`, sizes in bytes.
///
/// The defaults are the service's documented limits.
package struct ConnectionLimits: Sendable {
    /// From the first byte of a request to its last: 9 s, so that with `lingerTime` the connection is gone after 10 s.
    package var requestTimeout: TimeAmount = .seconds(9)
    /// Without a byte between two requests: 15 s.
    package var idleTimeout: TimeAmount = .seconds(15)
    /// For an answer to leave once the request has been read: 20 s.
    package var responseTimeout: TimeAmount = .seconds(20)
    /// While draining, how long a connection waits for the rest of a request, or for one that is on its way: 1 s.
    package var drainGrace: TimeAmount = .seconds(1)
    /// How long an answered and closing connection keeps reading, so that the answer is not lost to a reset
    /// (RFC 9112, section 9.6): 1 s.
    package var lingerTime: TimeAmount = .seconds(1)
    /// All header fields together: 16 KiB.
    package var maxHeaderBytes = 16 * 1024
    /// Header fields: 100.
    package var maxHeaderFields = 100
    /// What may wait for the rest of its element: a whole request line or header field, and some slack.
    package var maxUndecodedBytes = 32 * 1024
    /// The request target: 8 KiB.
    package var maxTargetBytes = 8 * 1024
    /// A body: 16 KiB.
    package var maxBodyBytes = 16 * 1024
    /// The body of a batch: 256 KiB.
    package var maxBatchBodyBytes = 256 * 1024

    package init() {}

    /// The largest body, in bytes, for this request target.
    func maxBody(target: String) -> Int {
        target.utf8.prefix { $0 != UInt8(ascii: "?") }.elementsEqual(RoutePath.batch.utf8) ? maxBatchBodyBytes : maxBodyBytes
    }
}
