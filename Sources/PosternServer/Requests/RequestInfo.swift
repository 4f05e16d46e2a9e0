// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What every decision about a request uses: its time, its credentials, its origin, and one snapshot of the configuration.
///
/// A class, so that copying a context copies one reference.
final class RequestInfo: Sendable {
    let snapshot: ServiceSnapshot
    let time: Date
    /// Every value of `Authorization`, in order.
    let authorization: [String]
    /// Every value of `Origin`; a browser sends at most one.
    let origins: [String]
    let requestID: String
    let client: ClientAddress
    /// The trace that the request belongs to; nil if it does not say, or not in a valid way.
    let traceParent: TraceParent?

    var origin: String? { origins.first }
    /// The origin, unless it is that of a page of this process.
    var foreignOrigin: String? { origin.flatMap { snapshot.settings.ownOrigins.contains($0) ? nil : $0 } }

    init(
        snapshot: ServiceSnapshot, time: Date, authorization: [String] = [], origins: [String] = [], requestID: String,
        client: ClientAddress, traceParent: TraceParent? = nil
    ) {
        self.snapshot = snapshot
        self.time = time
        self.authorization = authorization
        self.origins = origins
        self.requestID = requestID
        self.client = client
        self.traceParent = traceParent
    }

    /// Reads the head of a request.
    /// - Parameter random: makes an id if no trusted proxy provides one
    convenience init(_ head: RequestHead, snapshot: ServiceSnapshot, random: RandomPool) {
        let trustedProxies = snapshot.settings.trustedProxies
        let client = ClientAddress(
            connection: head.peer, forwardedFor: trustedProxies.isEmpty ? [] : head.values("x-forwarded-for"),
            trusted: trustedProxies)
        self.init(
            snapshot: snapshot,
            time: head.date,
            authorization: head.values("authorization"),
            origins: head.values("origin"),
            requestID: Self.proxyRequestID(head, client) ?? random.makeRequestID(),
            client: client,
            traceParent: TraceParent(head)
        )
    }

    /// The id that a trusted proxy gave the request: 1 to 128 letters, digits, `-`, `_`, `.`, `=` or `/`.
    private static func proxyRequestID(_ head: RequestHead, _ client: ClientAddress) -> String? {
        guard !client.trusted.isEmpty, client.isProxy else { return nil }
        let values = head.values("x-request-id")
        guard values.count == 1, let id = values.first, (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "-_.=/".utf8.contains($0) })
        else { return nil }
        return id
    }
}

/// The address of the client, for the log. `X-Forwarded-For` is used only if the connection itself comes from a trusted proxy,
/// since anyone else could write anything into it.
struct ClientAddress: Sendable {
    /// The other end of the connection.
    let connection: PeerAddress?
    /// The values of `X-Forwarded-For`, in order; empty if no proxy is trusted.
    let forwardedFor: [String]
    let trusted: [AddressRange]

    /// The last address that is not a trusted proxy's; `-` if the connection has none.
    var address: String {
        guard let direct = connection?.description else { return "-" }
        guard isTrusted(direct) else { return direct }
        let hops = forwardedFor.flatMap { $0.split(separator: ",") }.map { String($0.filter { $0 != " " && $0 != "\t" }) }
        var last = direct
        for hop in hops.reversed() {
            // If this is not an address, nothing before it can be trusted either.
            guard let address = Self.address(of: hop) else { break }
            last = address
            if !isTrusted(address) { break }
        }
        return last
    }

    /// The address of an entry, to which some proxies add a port: `203.0.113.9:51234` or `[2001:db8::1]:51234`.
    private static func address(of hop: String) -> String? {
        if IPAddress(hop) != nil { return hop }
        let address: Substring
        let port: Substring
        if hop.hasPrefix("["), let end = hop.firstIndex(of: "]") {
            address = hop[..<end].dropFirst()
            port = hop[end...].dropFirst()
        } else {
            let end = hop.firstIndex(of: ":") ?? hop.endIndex
            address = hop[..<end]
            port = hop[end...]
        }
        guard IPAddress(String(address)) != nil,
            port.isEmpty || port.hasPrefix(":") && !port.hasPrefix(":+") && UInt16(port.dropFirst()) != nil
        else {
            return nil
        }
        return String(address)
    }

    /// Whether the connection comes from a trusted proxy.
    var isProxy: Bool { connection.map { isTrusted($0.description) } ?? false }

    private func isTrusted(_ address: String) -> Bool {
        trusted.contains { $0.contains(address) }
    }
}
