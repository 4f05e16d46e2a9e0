// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The limits of a listener's connections: times, sizes in bytes, counts. The defaults are those of the public listener.
package struct ConnectionLimits: Sendable {
    /// From the first byte of a request to its last: 9 s, so that with `lingerTime` the connection is closed after 10 s.
    package var requestTimeout: TimeAmount = .seconds(9)
    /// Between two pieces of the body of a stream: 30 s. `requestTimeout` then covers only the head.
    package var streamTimeout: TimeAmount = .seconds(30)
    /// Between two requests: 75 s, since load balancers keep idle connections for 60 s.
    package var idleTimeout: TimeAmount = .seconds(75)
    /// From the end of a request, or the last progress of its response, until the response is sent: 20 s.
    package var responseTimeout: TimeAmount = .seconds(20)
    /// How long a connection waits for a request, or for the rest of one, while the service is stopping: 1 s.
    package var drainGrace: TimeAmount = .seconds(1)
    /// How long a closing connection keeps reading, so that the last response is not lost to a reset (RFC 9112, section 9.6):
    /// 1 s.
    package var lingerTime: TimeAmount = .seconds(1)
    /// The header fields of a request: 16 KiB.
    package var maxHeaderBytes = 16 * 1024
    /// The number of header fields: 100.
    package var maxHeaderFields = 100
    /// The target of a request: 8 KiB.
    package var maxTargetBytes = 8 * 1024
    /// Open connections.
    package var maxConnections = 16_384
    /// Open connections of one peer, which is an IPv4 address or an IPv6 /64. Nil means half of `maxConnections`, but at least 64.
    package var maxConnectionsPerPeer: Int?
    /// The age of a request from which its connection may be closed to make room for a new one: 1 s.
    package var protectedTime: TimeAmount = .seconds(1)
    /// The size of one read: 4 KiB. A connection that has needed a buffer of that size keeps it.
    package var maxReadBytes = 4096
    /// The memory of requests not yet answered and of responses not yet sent, of all connections: 128 MB.
    package var maxHeldBytes = 128_000_000

    package init() {}

    var connectionsPerPeer: Int { maxConnectionsPerPeer ?? max(64, maxConnections / 2) }

    /// Bytes that wait for the decoder: no element of a head is larger.
    var maxUndecodedBytes: Int { maxTargetBytes + maxHeaderBytes + 1024 }

    /// The bytes on the wire of a request with a body of `bodyBytes`. Every byte may be a separate chunk; chunk extensions are
    /// limited.
    func maxWireBytes(bodyBytes: Int) -> Int {
        maxTargetBytes + maxHeaderBytes + 4096 + (bodyBytes < Int.max / 16 ? bodyBytes * 8 : bodyBytes / 2)
    }
}
