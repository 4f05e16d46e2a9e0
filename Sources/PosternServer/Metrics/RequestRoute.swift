// SPDX-License-Identifier: Apache-2.0

/// The routes as labels: a bounded set, whatever clients ask for.
package enum RequestRoute: String, Sendable, CaseIterable {
    case tickets = "/v1/tickets"
    case batch = "/v1/tickets/batch"
    case rules = "/v1/rules"
    case document = "/openapi.yaml"
    case health = "/healthz"
    case preflight = "preflight"
    case other = "other"

    /// The route of a request target, its query left aside.
    init(path: String) {
        self =
            switch path {
            case RoutePath.tickets: .tickets
            case RoutePath.batch: .batch
            case RoutePath.rules: .rules
            case RoutePath.document: .document
            case RoutePath.health: .health
            default: .other
            }
    }
}
