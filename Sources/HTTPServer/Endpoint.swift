// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What a route takes and how it answers. Endpoints are made once; a request is handed the one that is its own.
package final class Endpoint: Sendable {
    package enum Body: Sendable {
        /// The route takes the body whole, up to so many bytes.
        case whole(maxBytes: Int, respond: @Sendable (Request) -> Answer)
        /// The route takes the body as it comes, up to so many bytes.
        case stream(maxBytes: Int, open: @Sendable (RequestHead) -> any BodyReceiver)
    }

    let body: Body
    /// What is answered at once, without the body, to a client that asks first (`Expect: 100-continue`); nil where the body
    /// is wanted.
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

/// A response now, or one that comes later on the event loop of the connection. Pipelined requests behind it wait.
package enum Answer: Sendable {
    case now(Response)
    case later(@Sendable (any EventLoop) -> EventLoopFuture<Response>)
}

/// Takes one request's body as it comes. Called on the event loop of its connection only.
package protocol BodyReceiver: AnyObject {
    /// Takes the next piece.
    /// - Returns: a response where none of the rest is wanted; the connection closes after the rest has been read and dropped
    func received(_ bytes: ByteBuffer) -> Response?

    /// The body is whole.
    func ended() -> Response

    /// The connection ended before the body did. Called instead of ``ended()``, also after an early response.
    func aborted()
}

/// What answers the requests of a listener. Called on event loops: must not block or wait.
package protocol Responder: Sendable {
    /// The endpoint of a request, found once for each.
    func endpoint(for head: RequestHead) -> Endpoint

    /// What is answered to a request that the connection refuses.
    /// - Parameters:
    ///   - head: its head, where that could be read
    ///   - peer: the connection's other end
    ///   - date: now
    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response
}

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif
