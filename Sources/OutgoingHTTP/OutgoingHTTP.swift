// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import WireFormats

/// Requests with an end: bounded in time and bytes, without redirects, proxies, cookies, compression or retries.
///
/// Each request has a client of its own. They are minutes apart, so a kept connection would not be used again, and a file of
/// certificate authorities is read anew each time, so that a renewed one counts without a restart.
package enum OutgoingHTTP {
    /// The most addresses of a name that are tried.
    private static let maximumAddresses = 4

    /// Sends a request and reads the whole answer.
    package static func send(_ request: OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse {
        try await send(request, names: .shared)
    }

    /// How long an address may be silent before the next one is tried: its equal share of the request's time.
    package static func patience(_ timeout: Duration, addresses: Int) -> Duration { timeout / addresses }

    package static func send(
        _ request: OutgoingRequest, names: NameLookup,
        patience: @escaping @Sendable (_ timeout: Duration, _ addresses: Int) -> Duration = Self.patience(_:addresses:)
    ) async throws(OutgoingError) -> OutgoingResponse {
        // The client would also take URLs of sockets in the file system.
        guard let url = try? HTTPURL(request.url) else { throw .badURL }
        let configuration = try configuration(request)
        // The client's own deadline ends at the head of the answer; this one covers names and the body too.
        return try await withTaskGroup(of: Result<OutgoingResponse, OutgoingError>?.self) { group in
            group.addTask { await answer(request, to: url, configuration, names, patience) }
            group.addTask {
                do { try await Task.sleep(for: request.timeout) } catch { return nil }
                return .failure(.timedOut(seconds: request.timeout / .seconds(1)))
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(.timedOut(seconds: request.timeout / .seconds(1)))
        }.get()
    }

    /// Tries the addresses of the host one after the other, as long as none takes the connection: a request is sent once.
    private static func answer(
        _ request: OutgoingRequest, to url: HTTPURL, _ configuration: HTTPClient.Configuration, _ names: NameLookup,
        _ patience: (Duration, Int) -> Duration
    ) async -> Result<OutgoingResponse, OutgoingError> {
        do throws(OutgoingError) {
            var last = Result<OutgoingResponse, OutgoingError>.failure(.unreachable("the host is not known"))
            let resolved = try await names.addresses(of: url.host.lowercased.text)
            let addresses = try permitted(resolved, of: url.host, forbidden: request.forbidden).prefix(maximumAddresses)
            for (index, address) in addresses.enumerated() {
                let isLast = index == addresses.count - 1
                var configuration = configuration
                // An address that is silent leaves time for the others.
                if !isLast { configuration.timeout.connect = TimeAmount(patience(request.timeout, addresses.count)) }
                // Server name and certificate stay those of the host.
                if url.host.address == nil { configuration.dnsOverride = [url.host.text: address] }
                let client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
                last = await exchange(request, with: client)
                // Not waited for: it lasts until a connection that is just being made is made or given up, which a peer that is
                // silent in the TLS handshake can draw out beyond the request's timeout.
                Task { try? await client.shutdown() }
                switch last {
                case .failure(.unreachable): continue
                // Only the time to connect ends before the request's own.
                case .failure(.timedOut) where !isLast: continue
                default: return last
                }
            }
            return last
        } catch {
            return .failure(error)
        }
    }

    /// The addresses of a host that a request may be sent to. The client connects to them without resolving the name again.
    /// - Throws: where none is left
    package static func permitted(
        _ addresses: [String], of host: Host, forbidden: Set<AddressKind>
    ) throws(OutgoingError) -> [String] {
        var problem = OutgoingError.unreachable("the host is not known")
        var permitted: [String] = []
        for text in addresses {
            // Resolvers write the zone behind a link-local address: fe80::1%eth0 (RFC 4007 §11).
            guard let address = IPAddress(text.prefix { $0 != "%" }) else { continue }
            if let kind = AddressKind(address), forbidden.contains(kind) {
                problem = .forbiddenAddress(kind)
            } else if host.isLoopback, !address.isLoopback {
                // RFC 6761 §6.3: such names are loopback always. Plain http was allowed for that reason.
                problem = .unreachable("the name is reserved for this machine, and resolves to another")
            } else {
                permitted.append(text)
            }
        }
        guard !permitted.isEmpty else { throw problem }
        return permitted
    }

    private static func exchange(
        _ request: OutgoingRequest, with client: HTTPClient
    ) async -> Result<OutgoingResponse, OutgoingError> {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if !request.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            outgoing.headers.add(name: "User-Agent", value: "postern")
        }
        if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
        do {
            let response = try await client.execute(outgoing, deadline: .now() + TimeAmount(request.timeout))
            let body = try await response.body.collect(upTo: request.limit)
            var headers: [String: [String]] = [:]
            for (name, value) in response.headers { headers[name.lowercased(), default: []].append(value) }
            return .success(
                OutgoingResponse(status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView)))
        } catch {
            return .failure(OutgoingError(error, request))
        }
    }

    private static func configuration(_ request: OutgoingRequest) throws(OutgoingError) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let path = request.authorities {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw .authorities(path: path)
            }
            tls.trustRoots = .certificates(certificates)
        }
        let timeout = TimeAmount(request.timeout)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: timeout, read: timeout),
            proxy: nil,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        // A refused connection is an answer: the caller decides when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
