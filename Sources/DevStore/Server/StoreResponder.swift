// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The store as its connections see it.
struct StoreResponder: Responder {
    /// S3's limit for the file of one upload, and room for the form around it.
    static let maxUploadBytes = UploadPolicy.maximumFileBytes + (1 << 20)
    /// For methods that have no use for a body.
    private static let maxPlainBytes = 16 * 1024

    private let routes: StoreRoutes
    private let plain: Endpoint
    private let streamed: Endpoint

    init(routes: StoreRoutes) {
        self.routes = routes
        plain = Endpoint(.whole(maxBytes: Self.maxPlainBytes) { .now(routes.respond(to: $0.head)) })
        // Uploads, and whatever has a body that the store does not want: that may be of any size, and gets its refusal.
        streamed = Endpoint(
            .stream(maxBytes: Self.maxUploadBytes) { routes.receiver(for: $0) },
            refusal: { routes.refusal(of: $0) }
        )
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        switch head.method {
        case .GET, .HEAD, .OPTIONS: plain
        default: streamed
        }
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        routes.response(.failure(StoreRefusal(rejection, head: head)), to: head)
    }
}
