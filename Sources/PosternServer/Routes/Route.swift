// SPDX-License-Identifier: Apache-2.0

/// The paths of the public interface, each written once. A route is also a label of the metrics.
package enum Route: String, Sendable, CaseIterable {
    case tickets = "/v1/tickets"
    case batch = "/v1/tickets/batch"
    case rules = "/v1/rules"
    case document = "/openapi.yaml"
    case health = "/healthz"
    /// The page of `postern dev`; `serve` has none.
    case page = "/"
    /// A path at which there is nothing.
    case other = "other"

    /// The route of a path as it came: `//v1/tickets` and `/v1/tickets/` are none, for a proxy in front that guards paths does
    /// not take them for the same either.
    init(path: Substring) {
        let path = path.utf8
        self = Self.allCases.first { $0 != .other && $0.rawValue.utf8.elementsEqual(path) } ?? .other
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

extension Route {
    /// Its place among all routes. (The standard library compares and hashes an enum's raw values, here strings.)
    var place: Int {
        switch self {
        case .tickets: 0
        case .batch: 1
        case .rules: 2
        case .document: 3
        case .health: 4
        case .page: 5
        case .other: 6
        }
    }

    package static func == (left: Route, right: Route) -> Bool { left.place == right.place }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(place)
    }
}

/// What a request counts as in the metrics.
package enum RequestLabel: Sendable, Hashable {
    case route(Route)
    case preflight

    var text: String {
        switch self {
        case .route(.page), .route(.other): Route.other.rawValue
        case .route(let route): route.rawValue
        case .preflight: "preflight"
        }
    }
}
