// SPDX-License-Identifier: Apache-2.0

/// The paths of the public interface, each written once.
enum RoutePath {
    static let tickets = "/v1/tickets"
    static let batch = "/v1/tickets/batch"
    static let rules = "/v1/rules"
    static let document = "/openapi.yaml"
    static let health = "/healthz"

    /// The methods of a path; nil where there is nothing. OPTIONS is not among them: only preflights are answered, and by origin.
    static func methods(of path: String) -> [String]? {
        switch path {
        case tickets, batch: ["POST"]
        case rules, document, health: ["GET", "HEAD"]
        default: nil
        }
    }
}
