// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// A request whose head has been accepted and which has not been answered yet.
struct IncomingRequest {
    let head: RequestHead
    let endpoint: Endpoint
    let contentLength: Int?
    /// The body, for an endpoint that accepts it whole.
    var body = ByteBuffer()
    /// Receives the body, for an endpoint that accepts it in pieces.
    var receiver: (any BodyReceiver)?
    /// The response that the receiver returned before the end of the body, kept until it is this request's turn.
    var early: Response?
    /// The estimated memory of the head.
    let headBytes: Int

    init(head: RequestHead, endpoint: Endpoint, contentLength: Int?, headBytes: Int) {
        self.head = head
        self.endpoint = endpoint
        self.contentLength = contentLength
        self.headBytes = headBytes
    }

    /// The estimated memory.
    var bytes: Int { headBytes + body.storageCapacity }

    /// Appends a piece to the body.
    mutating func append(_ piece: ByteBuffer) {
        if body.readableBytes == 0, piece.readableBytes == contentLength {
            // Usually the piece is the whole body, which needs no copy.
            body = piece
        } else {
            // Copied, since the piece would keep the whole read buffer in memory.
            var piece = piece
            body.writeBuffer(&piece)
        }
    }

    /// Releases a request that will not be answered.
    func abort() {
        receiver?.aborted()
        early?.discard()
    }
}

extension HTTPRequestHead {
    /// The estimated memory: two strings for each field.
    var estimatedBytes: Int {
        headers.reduce(512 + uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 160 }
    }
}
