// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why there is no response. Contains nothing from the request or the response, so it can be logged. Descriptions are parts of
/// sentences.
package enum OutgoingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No connection could be made; the reason is part of a sentence.
    case unreachable(String)
    /// The certificate was not accepted, or TLS failed otherwise.
    case tls(String)
    /// The response was not complete in time.
    case timedOut(seconds: Double)
    /// The body is longer than the request's limit.
    case tooLarge(limit: Int)
    /// The connection ended during the response, or the response is not HTTP.
    case broken
    /// The host, or every address that its name resolves to, is of a kind that the request forbids.
    case forbiddenAddress(AddressKind)
    /// The URL cannot be requested.
    case badURL
    /// The file of certificate authorities cannot be read or contains none.
    case authorities(path: String)
    /// The request was to be sent through a proxy, which messages name as `host:port`.
    case proxy(String, ProxyFailure)

    /// Why there is no response through a proxy.
    package enum ProxyFailure: Sendable, Hashable {
        /// No connection to the proxy could be made; the reason is part of a sentence.
        case unreachable(String)
        /// The proxy demands a user name and password, or others than those that were sent.
        case authentication(isSent: Bool)
        /// The proxy did not connect to the host of the URL.
        case refused
        /// TLS with the host of the URL failed.
        case tls(String)
        /// The response was not complete in time.
        case timedOut(seconds: Double)
        /// The connection ended during the response, or the response of the proxy or of the host is not HTTP.
        case broken
    }

    package var description: String {
        switch self {
        case .unreachable(let reason): "cannot connect: \(reason)"
        case .tls(let reason): "TLS failed: \(reason)"
        case .timedOut(let seconds): "no complete response within \(seconds.formatted) s"
        case .tooLarge(let limit): "the response is longer than \(limit) bytes"
        case .broken: "the response is not complete or not HTTP"
        case .forbiddenAddress(.linkLocal): "the host is at a link-local address"
        case .forbiddenAddress(.loopback): "the host is this machine itself"
        case .badURL: "the URL cannot be requested"
        case .authorities(let path): "\(path) cannot be read or has no certificates"
        case .proxy(let name, .unreachable(let reason)): "cannot connect to the proxy \(name): \(reason)"
        case .proxy(let name, .authentication(isSent: false)):
            "the proxy \(name) demands a user name and password (status 407): write them into the variable that names it"
        case .proxy(let name, .authentication(isSent: true)):
            "the proxy \(name) does not accept the user name and password of the variable that names it (status 407)"
        case .proxy(let name, .refused):
            "the proxy \(name) did not connect to the host: it does not allow the host, or cannot reach it"
        case .proxy(let name, .tls(let reason)): "TLS failed through the proxy \(name): \(reason)"
        case .proxy(let name, .timedOut(let seconds)):
            "no complete response within \(seconds.formatted) s through the proxy \(name)"
        case .proxy(let name, .broken): "the response through the proxy \(name) is not complete or not HTTP"
        }
    }

    /// Whether no connection to an address could be made.
    var isUnreachable: Bool {
        switch self {
        case .unreachable, .proxy(_, .unreachable): true
        default: false
        }
    }

    var isTimeout: Bool {
        switch self {
        case .timedOut, .proxy(_, .timedOut): true
        default: false
        }
    }

    /// The same error, with this time limit if it is about the time limit.
    package func withTimeLimit(_ limit: Duration) -> OutgoingError {
        let seconds = limit / .seconds(1)
        return switch self {
        case .timedOut: .timedOut(seconds: seconds)
        case .proxy(let name, .timedOut): .proxy(name, .timedOut(seconds: seconds))
        default: self
        }
    }

    /// The error of a request that is sent through a proxy; nil for one that is sent directly.
    func through(_ proxy: ForwardProxy?) -> OutgoingError {
        guard let proxy else { return self }
        return switch self {
        case .unreachable(let reason): .proxy(proxy.name, .unreachable(reason))
        case .tls(let reason): .proxy(proxy.name, .tls(reason))
        case .timedOut(let seconds): .proxy(proxy.name, .timedOut(seconds: seconds))
        case .broken: .proxy(proxy.name, .broken)
        case .tooLarge, .forbiddenAddress, .badURL, .authorities, .proxy: self
        }
    }
}

extension OutgoingError {
    /// Converts an error of the HTTP client, whose own descriptions contain addresses, certificates and type names.
    /// - Parameter proxy: the proxy that the request was sent through
    init(_ error: any Error, _ request: OutgoingRequest, through proxy: ForwardProxy?) {
        if let proxy, let failure = ProxyFailure(error, proxy) {
            self = .proxy(proxy.name, failure)
        } else {
            self = OutgoingError(error, request).through(proxy)
        }
    }

    private init(_ error: any Error, _ request: OutgoingRequest) {
        let timedOut = OutgoingError.timedOut(seconds: request.timeout / .seconds(1))
        switch error {
        case is NIOTooManyBytesError:
            self = .tooLarge(limit: request.limit)
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .cancelled,
                .tlsHandshakeTimeout, .httpProxyHandshakeTimeout, .getConnectionFromPoolTimeout:
                self = timedOut
            case .invalidURL, .emptyHost, .missingSocketPath, .emptyScheme:
                self = .badURL
            default:
                self = Self.isUnsupportedScheme(error) ? .badURL : .broken
            }
        case let error as NIOConnectionError:
            if error.connectionErrors.contains(where: { Self.isConnectTimeout($0.error) }) {
                self = timedOut
            } else if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
                self = .unreachable("the host is not known")
            } else if let cause = error.connectionErrors.first?.error {
                self = .unreachable(Self.reason(cause))
            } else {
                self = .unreachable("no address responds")
            }
        case let error as NIOSSLError:
            self = .tls(Self.reason(error))
        case is BoringSSLError:
            self = .tls("the handshake failed")
        case is NIOSSLExtraError:
            self = .tls("the certificate is for another host")
        case let error as IOError:
            self = .unreachable(Self.reason(error))
        case let error as SocketAddressError:
            self = .unreachable(Self.reason(error))
        case is CancellationError:
            self = timedOut
        default:
            self = .broken
        }
    }

    private static func isConnectTimeout(_ error: any Error) -> Bool {
        if case ChannelError.connectTimeout = error { true } else { false }
    }

    private static func isUnsupportedScheme(_ error: HTTPClientError) -> Bool {
        error.shortDescription.hasPrefix("Unsupported")
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case is SocketAddressError: "the host is not known"
        case is NIOSSLExtraError: "the certificate is for another host"
        case NIOSSLError.handshakeFailed(let cause):
            String(describing: cause).contains("CERTIFICATE_VERIFY_FAILED")
                ? "the certificate is not signed by a trusted authority, or not valid now" : "the handshake failed"
        case is NIOSSLError: "the connection ended without a proper close"
        default: "it was not accepted"
        }
    }
}

extension OutgoingError.ProxyFailure {
    /// Converts the proxy's own errors; nil for others.
    fileprivate init?(_ error: any Error, _ proxy: ForwardProxy) {
        switch error as? HTTPClientError {
        case .proxyAuthenticationRequired: self = .authentication(isSent: proxy.hasCredentials)
        case .invalidProxyResponse: self = .refused
        default: return nil
        }
    }
}

extension Double {
    /// Without a fraction if it is zero.
    fileprivate var formatted: String {
        self == rounded() && magnitude < 1e9 ? String(Int(self)) : String(self)
    }
}
