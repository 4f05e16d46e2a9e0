// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The paths of the public interface, each written once. A route is also a label of the metrics.
package enum Route: Int, Sendable, CaseIterable {
    case tickets, batch, rules, document, health
    /// The page of `postern dev`; `serve` has none.
    case page
    /// A path at which there is nothing.
    case other

    /// The path, or `other`.
    var path: String {
        switch self {
        case .tickets: "/v1/tickets"
        case .batch: "/v1/tickets/batch"
        case .rules: "/v1/rules"
        case .document: "/openapi.yaml"
        case .health: "/healthz"
        case .page: "/"
        case .other: "other"
        }
    }

    /// The route of a path as it came: `//v1/tickets` and `/v1/tickets/` are none, for a proxy in front that guards paths does
    /// not take them for the same either.
    init(path: String) {
        self = Self.allCases.first { $0 != .other && $0.path.hasSameBytes(as: path) } ?? .other
    }

    /// The methods that are answered. OPTIONS is not among them: only preflights are, and by origin.
    var methods: [String] {
        switch self {
        case .tickets, .batch: ["POST"]
        case .rules, .document, .health, .page: ["GET", "HEAD"]
        case .other: []
        }
    }
}

/// What a request counts as in the metrics.
enum RequestLabel: Sendable, CaseIterable {
    case route(Route)
    case preflight

    static let allCases = Route.allCases.map(Self.route) + [.preflight]

    /// Its place among all labels.
    var place: Int {
        switch self {
        case .route(let route): route.rawValue
        case .preflight: Route.allCases.count
        }
    }

    var text: String {
        switch self {
        case .route(.page), .route(.other): Route.other.path
        case .route(let route): route.path
        case .preflight: "preflight"
        }
    }
}
