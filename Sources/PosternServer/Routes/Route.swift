// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The routes of the public interface, with their paths and methods. A route is also a label of the metrics.
package enum Route: Int, Sendable, CaseIterable {
    case tickets, batch, presign, rules, document, documentJSON, health
    /// Any other path; `postern dev` has pages at some.
    case other

    /// The path, or `other`.
    var path: String {
        switch self {
        case .tickets: "/v1/tickets"
        case .batch: "/v1/tickets/batch"
        case .presign: "/v1/presign"
        case .rules: "/v1/rules"
        case .document: "/openapi.yaml"
        case .documentJSON: "/openapi.json"
        case .health: "/healthz"
        case .other: "other"
        }
    }

    /// Finds the route of a path by its bytes. Paths such as `//v1/tickets` and `/v1/tickets/` have none, since a proxy that
    /// guards certain paths does not consider them equal either.
    init(path: String) {
        self = Self.allCases.first { $0 != .other && $0.path.hasSameBytes(as: path) } ?? .other
    }

    /// The methods that the path allows. OPTIONS is not among them: preflights are answered for every path.
    var methods: [String] {
        switch self {
        case .tickets, .batch: ["POST"]
        // Without HEAD, which would have to issue a ticket to answer as GET does.
        case .presign: ["GET"]
        case .rules, .document, .documentJSON, .health: ["GET", "HEAD"]
        case .other: []
        }
    }
}

extension Route {
    /// Whether the response is about tickets, so that the tenant's refusals are counted as refused tickets.
    var isForTickets: Bool { self == .tickets || self == .batch || self == .presign }

    /// Whether requests have a body of JSON.
    var takesJSON: Bool { self == .tickets || self == .batch }
}

/// The metrics' label of a request.
enum RequestLabel: Sendable, CaseIterable {
    case route(Route)
    case preflight

    static let allCases = Route.allCases.map(Self.route) + [.preflight]

    /// The position in ``allCases``.
    var index: Int {
        switch self {
        case .route(let route): route.rawValue
        case .preflight: Route.allCases.count
        }
    }

    var text: String {
        switch self {
        case .route(.other): Route.other.path
        case .route(let route): route.path
        case .preflight: "preflight"
        }
    }
}
