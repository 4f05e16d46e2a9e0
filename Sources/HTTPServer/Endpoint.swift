// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What a route accepts and how it responds. Endpoints are made once, and found for each request.
package final class Endpoint: Sendable {
    package enum Body: Sendable {
        /// Accepts the complete body, up to a limit.
        case whole(maxBytes: Int, respond: @Sendable (Request) -> Answer)
        /// Accepts the body in pieces, up to a limit.
        case stream(maxBytes: Int, open: @Sendable (RequestHead) -> any BodyReceiver)
    }

    let body: Body
    /// The final response to a client that waits for `100 Continue`; nil if the body is wanted.
    let refusal: @Sendable (RequestHead) -> Response?

    package init(_ body: Body, refusal: @escaping @Sendable (RequestHead) -> Response? = { _ in nil }) {
        self.body = body
        self.refusal = refusal
    }

    var maxBytes: Int {
        switch body {
        case .whole(let maxBytes, _), .stream(let maxBytes, _): maxBytes
        }
    }

    var isStream: Bool {
        if case .stream = body { return true }
        return false
    }
}

/// A response, or a way to make one later on the event loop of the connection. Later pipelined requests wait for it.
package enum Answer: Sendable {
    case now(Response)
    case later(@Sendable (any EventLoop) -> EventLoopFuture<Response>)
}

/// Receives the body of one request in pieces. Called only on the event loop of its connection.
package protocol BodyReceiver: AnyObject {
    /// Receives the next piece.
    /// - Returns: a response if the rest is not wanted; the connection ignores the rest, and then closes
    func received(_ bytes: ByteBuffer) -> Response?

    /// The body is complete.
    func ended() -> Response

    /// The connection ended before the body did. Called instead of ``ended()``, even after an early response.
    func aborted()
}

/// Responds to the requests of a listener. Called on event loops: must not block or wait.
package protocol Responder: Sendable {
    /// Finds the endpoint of a request; called once for each.
    func endpoint(for head: RequestHead) -> Endpoint

    /// Responds to a request that its connection rejects.
    /// - Parameters:
    ///   - head: nil if it could not be read
    ///   - peer: the other end of the connection
    ///   - date: the current time
    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response
}

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif
