// SPDX-License-Identifier: Apache-2.0

/// Why there is no answer. Holds nothing of the request or of what was received, so that it can be logged.
package enum OutgoingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No connection could be made; a part of a sentence that says why.
    case unreachable(String)
    /// The certificate was not accepted, or TLS failed otherwise.
    case tls(String)
    /// The answer was not whole in time.
    case timedOut(seconds: Double)
    /// The body is longer than was allowed.
    case tooLarge(limit: Int)
    /// The connection ended within the answer, or what came is not HTTP.
    case broken
    /// The host, or every address that its name resolves to, is of a kind that the request forbids.
    case forbiddenAddress(AddressKind)
    /// The URL cannot be requested.
    case badURL
    /// The file of certificate authorities cannot be read or holds none.
    case authorities(path: String)

    package var description: String {
        switch self {
        case .unreachable(let reason): "cannot connect: \(reason)"
        case .tls(let reason): "TLS failed: \(reason)"
        case .timedOut(let seconds): "no whole answer within \(seconds.formatted) s"
        case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
        case .broken: "the answer is not whole or not HTTP"
        case .forbiddenAddress(.linkLocal): "the host is at a link-local address"
        case .forbiddenAddress(.loopback): "the host is this machine itself"
        case .badURL: "the URL cannot be requested"
        case .authorities(let path): "\(path) cannot be read or holds no certificates"
        }
    }
}

extension Double {
    /// Without a fraction where there is none.
    fileprivate var formatted: String {
        self == rounded() && magnitude < 1e9 ? String(Int(self)) : String(self)
    }
}
