// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What the connections of one listener may take: times, sizes in bytes, counts.
///
/// The defaults are the service's documented limits.
package struct ConnectionLimits: Sendable {
    /// From the first byte of a request to its last: 9 s, so that with `lingerTime` the connection is gone after 10 s.
    package var requestTimeout: TimeAmount = .seconds(9)
    /// Between two pieces of a body that a route takes as it comes: 30 s. `requestTimeout` then covers the head alone.
    package var streamTimeout: TimeAmount = .seconds(30)
    /// Without a byte between two requests: 75 s, since load balancers keep idle connections for 60.
    package var idleTimeout: TimeAmount = .seconds(75)
    /// For a response to leave once its request has been read: 20 s.
    package var responseTimeout: TimeAmount = .seconds(20)
    /// While draining, how long a connection waits for the rest of a request, or for one that is on its way: 1 s.
    package var drainGrace: TimeAmount = .seconds(1)
    /// How long a connection that closes keeps reading, so that the last response is not lost to a reset
    /// (RFC 9112, section 9.6): 1 s.
    package var lingerTime: TimeAmount = .seconds(1)
    /// All header fields together: 16 KiB.
    package var maxHeaderBytes = 16 * 1024
    /// Header fields: 100.
    package var maxHeaderFields = 100
    /// The request target: 8 KiB.
    package var maxTargetBytes = 8 * 1024
    /// Connections at once.
    package var maxConnections = 16_384
    /// Connections of one peer at once: an IPv4 address or an IPv6 /64. Nil means half of `maxConnections`, but at least 64.
    package var maxConnectionsPerPeer: Int?
    /// A request that has been under way for so long may have to make room for a new connection: 1 s.
    package var protectedTime: TimeAmount = .seconds(1)
    /// The most bytes that are read from a connection at once. Each connection keeps a buffer of that size where it needed it.
    package var maxReadBytes = 4096
    /// Over all connections: what was read and not yet answered, and what was written and not yet sent. 128 MB.
    package var maxHeldBytes = 128_000_000

    package init() {}

    var connectionsPerPeer: Int { maxConnectionsPerPeer ?? max(64, maxConnections / 2) }

    /// The most bytes that may wait undecoded: an element of a head is no larger.
    var maxUndecodedBytes: Int { maxTargetBytes + maxHeaderBytes + 1024 }

    /// The most bytes on the wire for a request with a body of `bodyBytes`: a chunk may frame a single byte, but chunk
    /// extensions cannot go on for ever.
    func maxWireBytes(bodyBytes: Int) -> Int {
        maxTargetBytes + maxHeaderBytes + 4096 + (bodyBytes < Int.max / 16 ? bodyBytes * 8 : bodyBytes / 2)
    }
}
