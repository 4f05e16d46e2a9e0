// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// Who sent a request, for the log. `X-Forwarded-For` counts only where the connection itself comes from a listed proxy:
/// anyone else could write anything into it.
struct ClientAddress: Sendable {
    /// The connection's other end.
    let connection: PeerAddress?
    /// The values of `X-Forwarded-For`, in order; empty where no proxy is trusted.
    let forwardedFor: [String]
    let trusted: [AddressRange]

    /// The address of the last hop that no trusted proxy vouches for; `-` where there is none.
    var address: String {
        guard let direct = connection?.description else { return "-" }
        guard isTrusted(direct) else { return direct }
        let hops = forwardedFor.flatMap { $0.split(separator: ",") }.map { String($0.filter { $0 != " " && $0 != "\t" }) }
        var last = direct
        for hop in hops.reversed() {
            // Not an address: what comes before it cannot be trusted either.
            guard IPAddress(hop) != nil else { break }
            last = hop
            if !isTrusted(hop) { break }
        }
        return last
    }

    /// Whether the connection comes from a listed proxy.
    var isProxy: Bool { connection.map { isTrusted($0.description) } ?? false }

    private func isTrusted(_ address: String) -> Bool {
        trusted.contains { $0.contains(address) }
    }
}
