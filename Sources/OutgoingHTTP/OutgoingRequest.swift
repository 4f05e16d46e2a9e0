// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
package import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A request to a service that Postern depends on: an identity provider, STS, a metadata service, a store that is examined.
///
/// Requests are bounded in time and bytes, and use no redirects, cookies, compression or retries; a proxy only if the caller passes
/// its settings.
package struct OutgoingRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    package var method: Method
    /// `https`, or `http` if the caller allows it; see `HTTPURL.isProtected`.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// What is sent instead of ``body``, in pieces. Such a request has no time limit as a whole: its caller cancels it.
    package var stream: OutgoingStream?
    /// The time from the call to the last byte of the response, including name lookup and TLS; with a ``stream``, the time in which
    /// a connection is made.
    package var timeout: Duration
    /// The maximum size of the response body, in bytes.
    package var limit: Int
    /// A PEM file of the certificate authorities to trust for this request instead of the system's.
    package var authorities: String?
    /// Kinds of addresses that the request must not be sent to, whether the address is the URL's host or is resolved from its
    /// name. The names of URLs that are requested through a proxy are looked up by the proxy, and not checked.
    package var forbidden: Set<AddressKind>
    /// The proxy, and the hosts that are requested without it.
    package var proxies: ProxySettings

    package init(
        _ method: Method = .get,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration,
        limit: Int,
        authorities: String? = nil,
        forbidden: Set<AddressKind> = [],
        proxies: ProxySettings = .none
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.limit = limit
        self.authorities = authorities
        self.forbidden = forbidden
        self.proxies = proxies
    }
}

/// A whole response within the request's bounds, of any status.
package struct OutgoingResponse: Sendable {
    package let status: Int
    /// The values of each header field, by its name in lower case.
    package let headers: [String: [String]]
    package let body: [UInt8]

    package init(status: Int, headers: [String: [String]] = [:], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Kinds of addresses that a request can be forbidden to be sent to; see ``OutgoingRequest/forbidden``.
package enum AddressKind: Sendable, Hashable, CaseIterable {
    /// 169.254.0.0/16 and fe80::/10, where clouds serve instance metadata.
    case linkLocal
    /// This machine: the loopback addresses, `localhost` and the names under it, and the unspecified addresses, which connect to
    /// this machine.
    case loopback

    /// Returns nil for an address of neither kind.
    package init?(_ address: IPAddress) {
        if address.isLinkLocal {
            self = .linkLocal
        } else if address.isLoopback || address.isUnspecified {
            self = .loopback
        } else {
            return nil
        }
    }

    /// The kind of a URL's host, before its name is looked up.
    package init?(_ host: Host) {
        if let address = host.address {
            self.init(address)
        } else if host.isLoopback {
            self = .loopback
        } else {
            return nil
        }
    }
}

/// Each request uses a new client: requests are minutes apart, so a kept connection would not be reused, and the file of
/// certificate authorities is read each time, so that a renewed one is used without a restart.
extension OutgoingRequest {
    /// The maximum number of addresses that are tried for one name.
    private static let maximumAddresses = 4

    /// Sends the request and reads the whole response.
    /// - Parameters:
    ///   - names: looks up the host's name
    ///   - connectTimeout: returns how long to wait for a connection to one of several addresses
    package func send(
        names: NameLookup = .shared,
        connectTimeout: @escaping @Sendable (_ timeout: Duration, _ addresses: Int) -> Duration = Self.connectTimeout
    ) async throws(OutgoingError) -> OutgoingResponse {
        // The client would also accept URLs of sockets in the file system.
        guard let url = try? HTTPURL(url) else { throw .badURL }
        let configuration = try configuration()
        let proxy = proxies.proxy(for: url)
        if stream != nil { return try await response(from: url, through: proxy, configuration, names, connectTimeout).get() }
        let timedOut = OutgoingError.timedOut(seconds: timeout / .seconds(1)).through(proxy)
        // The client's own deadline ends at the head of the response; this one includes name lookup and the body.
        return try await withTaskGroup(of: Result<OutgoingResponse, OutgoingError>?.self) { group in
            group.addTask { await response(from: url, through: proxy, configuration, names, connectTimeout) }
            group.addTask {
                do { try await Task.sleep(for: timeout) } catch { return nil }
                return .failure(timedOut)
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(timedOut)
        }.get()
    }

    /// Returns each address's equal share of the request's time.
    package static func connectTimeout(_ timeout: Duration, addresses: Int) -> Duration { timeout / addresses }

    /// Tries the addresses of the host, or of the proxy, in order until one accepts the connection: the request is sent only once.
    private func response(
        from url: HTTPURL, through proxy: ForwardProxy?, _ configuration: HTTPClient.Configuration, _ names: NameLookup,
        _ connectTimeout: (Duration, Int) -> Duration
    ) async -> Result<OutgoingResponse, OutgoingError> {
        do throws(OutgoingError) {
            var last = Result<OutgoingResponse, OutgoingError>.failure(.unreachable("the host is not known"))
            let host = proxy?.host ?? url.host
            let resolved = try await names.addresses(of: host.lowercased.text)
            let addresses = try Self.permitted(resolved, of: host, forbidden: proxy == nil ? forbidden : [])
                .prefix(Self.maximumAddresses)
            for (index, address) in addresses.enumerated() {
                let isLast = index == addresses.count - 1
                var configuration = configuration
                // Leave time for the other addresses if this one does not respond.
                if !isLast { configuration.timeout.connect = TimeAmount(connectTimeout(timeout, addresses.count)) }
                // Server name and certificate are those of the host.
                if let proxy {
                    configuration.proxy = .server(
                        host: address, port: proxy.port, authorization: proxy.basicCredentials.map { .basic(credentials: $0) })
                } else if url.host.address == nil {
                    configuration.dnsOverride = [url.host.text: address]
                }
                let loop = MultiThreadedEventLoopGroup.singleton.any()
                let client = HTTPClient(eventLoopGroup: loop, configuration: configuration)
                last = await exchange(with: client, on: loop, through: proxy)
                // Not awaited: shutdown waits for a connection that is being made, and a peer that is silent in the TLS handshake
                // can delay that beyond the request's timeout.
                Task { try? await client.shutdown() }
                switch last {
                case .failure(let error) where error.isUnreachable: continue
                // Only the connect timeout ends before the request's own.
                case .failure(let error) where error.isTimeout && !isLast: continue
                default: return last
                }
            }
            return last
        } catch {
            return .failure(error.through(proxy))
        }
    }

    /// Returns the addresses of a host that a request may be sent to. The client connects to them without another name lookup.
    /// - Throws: if there are none
    package static func permitted(
        _ addresses: [String], of host: Host, forbidden: Set<AddressKind>
    ) throws(OutgoingError) -> [String] {
        var error = OutgoingError.unreachable("the host is not known")
        var permitted: [String] = []
        for text in addresses {
            // Resolvers write the zone after a link-local address: fe80::1%eth0 (RFC 4007 §11).
            guard let address = IPAddress(text.prefix { $0 != "%" }) else { continue }
            if let kind = AddressKind(address), forbidden.contains(kind) {
                error = .forbiddenAddress(kind)
            } else if host.isLoopback, !address.isLoopback {
                // RFC 6761 §6.3: such names are always loopback. Plain http was allowed for that reason.
                error = .unreachable(
                    "the name is reserved for this machine, and resolves to another: correct the hosts file or DNS")
            } else {
                permitted.append(text)
            }
        }
        guard !permitted.isEmpty else { throw error }
        return permitted
    }

    private func exchange(
        with client: HTTPClient, on loop: any EventLoop, through proxy: ForwardProxy?
    ) async -> Result<OutgoingResponse, OutgoingError> {
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = HTTPMethod(rawValue: method.rawValue)
        for (name, value) in headers { outgoing.headers.add(name: name, value: value) }
        if !headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            outgoing.headers.add(name: "User-Agent", value: "postern")
        }
        if let stream {
            outgoing.body = .stream(stream.pieces(on: loop), length: .known(stream.length))
        } else if !body.isEmpty {
            outgoing.body = .bytes(body)
        }
        do {
            let deadline = stream == nil ? NIODeadline.now() + TimeAmount(timeout) : .distantFuture
            let response = try await client.execute(outgoing, deadline: deadline)
            let body = try await response.body.collect(upTo: limit)
            var headers: [String: [String]] = [:]
            for (name, value) in response.headers { headers[name.lowercased(), default: []].append(value) }
            return .success(
                OutgoingResponse(status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView)))
        } catch {
            return .failure(OutgoingError(error, self, through: proxy))
        }
    }

    private func configuration() throws(OutgoingError) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let path = authorities {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw .authorities(path: path)
            }
            tls.trustRoots = .certificates(certificates)
        }
        let timeout = TimeAmount(timeout)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: timeout, read: stream == nil ? timeout : nil),
            proxy: nil,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        // The caller decides when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}

/// Looks up host names in place of the HTTP client. The client's own resolver has one queue per thread, in which a name whose
/// servers do not respond delays all others, and each new attempt makes the queue longer.
///
/// Each name is looked up at most once at a time, on a separate thread; a second caller waits for the same result.
/// `getaddrinfo` has no timeout: the caller stops waiting at the end of its request, and the thread continues.
package final class NameLookup: Sendable {
    package typealias Resolve = @Sendable (_ host: String) -> Result<[String], OutgoingError>

    /// The instance shared by the whole process.
    package static let shared = NameLookup(resolve: system)

    /// The maximum number of concurrent lookups.
    private static let maximumLookups = 32

    private let resolve: Resolve
    private let waiting = Mutex<[String: [AsyncStream<Result<[String], OutgoingError>>.Continuation]]>([:])

    /// - Parameter resolve: returns the addresses of a name; it may block
    package init(resolve: @escaping Resolve) {
        self.resolve = resolve
    }

    /// Returns the addresses of a host, in the order in which they should be tried; an address is returned unchanged.
    /// - Throws: `unreachable`, including when the task is cancelled
    package func addresses(of host: String) async throws(OutgoingError) -> [String] {
        if IPAddress(host) != nil { return [host] }
        let (results, continuation) = AsyncStream<Result<[String], OutgoingError>>.makeStream()
        let isFirst = waiting.withLock { waiting -> Bool? in
            guard waiting[host] == nil else {
                waiting[host]?.append(continuation)
                return false
            }
            guard waiting.count < Self.maximumLookups else { return nil }
            waiting[host] = [continuation]
            return true
        }
        guard let isFirst else { throw .unreachable("too many names are being looked up: the name service does not respond") }
        if isFirst { start(host) }
        for await result in results { return try result.get() }
        throw .unreachable("the name service does not respond")
    }

    private func start(_ host: String) {
        DispatchQueue(label: "name lookup").async { [self] in
            let result = resolve(host)
            let continuations = waiting.withLock { $0.removeValue(forKey: host) } ?? []
            for continuation in continuations {
                continuation.yield(result)
                continuation.finish()
            }
        }
    }

    /// The system's resolver, which orders addresses by RFC 6724.
    private static func system(_ host: String) -> Result<[String], OutgoingError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else {
            return .failure(.unreachable(code == EAI_NONAME ? "the host is not known" : "the name service does not respond"))
        }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let entry else { break }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isText = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard isText == 0 else { continue }
            let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(.unreachable("the host is not known")) : .success(addresses)
    }
}
