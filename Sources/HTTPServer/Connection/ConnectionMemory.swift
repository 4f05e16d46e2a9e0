// SPDX-License-Identifier: Apache-2.0

/// Estimates the memory that one connection holds for requests and responses, in bytes.
///
/// The memory of the connection itself is not counted here; see ``ConnectionTable``. An idle connection holds nothing.
struct ConnectionMemory {
    /// Decoders and read buffers of an incomplete request; and the buffers of TLS.
    private static let activeCost = 8000
    private static let activeTLSCost = 45_000

    /// Whether data is encrypted: true after the handshake.
    var isEncrypted = false
    /// A TLS handshake that has not ended.
    var handshakeBytes = 0
    /// Received bytes that the decoder has not consumed.
    var undecodedBytes = 0
    /// Complete requests that wait for their turn.
    var queuedBytes = 0
    /// Buffers of the responses written since everything was last sent. NIO releases a buffer when its last byte has been sent.
    var writtenBytes = 0

    /// The latest estimate.
    private(set) var heldBytes = 0
    /// Counts the periods in which the connection held something.
    private(set) var period = 0

    /// Makes a new estimate.
    /// - Parameters:
    ///   - headBytes: bytes on the wire of an incomplete head
    ///   - requestBytes: the memory of a request whose body is incomplete
    ///   - hasUnsentBytes: whether a response waits for the client to read
    ///   - isLingering: whether the connection is closing, and still has its buffers
    /// - Returns: the difference from the previous estimate
    mutating func update(headBytes: Int, requestBytes: Int, hasUnsentBytes: Bool, isLingering: Bool) -> Int {
        // Each field of a head is two strings: up to three times its bytes on the wire.
        var bytes = 3 * headBytes + undecodedBytes + requestBytes + queuedBytes + handshakeBytes
        if hasUnsentBytes { bytes += writtenBytes }
        if bytes > 0 || isLingering { bytes += Self.activeCost + (isEncrypted ? Self.activeTLSCost : 0) }
        // The allocator loses about a quarter between its blocks.
        let held = bytes * 5 / 4
        let change = held - heldBytes
        if heldBytes == 0, held > 0 { period += 1 }
        heldBytes = held
        return change
    }

    /// Sets all counts to zero, because the connection is closed.
    /// - Returns: the difference from the previous estimate
    mutating func release() -> Int {
        defer {
            handshakeBytes = 0
            undecodedBytes = 0
            queuedBytes = 0
            writtenBytes = 0
            heldBytes = 0
        }
        return -heldBytes
    }
}
