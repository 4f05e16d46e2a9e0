// SPDX-License-Identifier: Apache-2.0

import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Hands the requests of the public listener to the ``PublicInterface``, with the snapshot that is in force.
struct PublicResponder: Responder {
    /// The largest bodies, in bytes: of a batch, and of any other request.
    private static let maxBatchBytes = 256 * 1024
    private static let maxBodyBytes = 16 * 1024

    private let interface: PublicInterface
    private let state: ServiceState
    /// By the raw values of their routes.
    private let endpoints: [Endpoint]

    init(_ interface: PublicInterface, state: ServiceState) {
        func endpoint(_ route: Route) -> Endpoint {
            Endpoint(
                .whole(maxBytes: route == .batch ? Self.maxBatchBytes : Self.maxBodyBytes) { request in
                    .now(interface.respond(to: request, route, snapshot: state.current))
                },
                refusal: { interface.refusalWithoutBody($0, route, snapshot: state.current) }
            )
        }
        self.interface = interface
        self.state = state
        endpoints = Route.allCases.map(endpoint)
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        endpoints[Route(path: head.path).rawValue]
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        interface.respond(to: rejection, head: head, peer: peer, snapshot: state.current, at: date)
    }
}
