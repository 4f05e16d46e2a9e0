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

extension OutgoingError {
    /// Says an error of the HTTP client in our words: theirs hold addresses, certificates and type names.
    init(_ error: any Error, _ request: OutgoingRequest) {
        let timedOut = OutgoingError.timedOut(seconds: request.timeout / .seconds(1))
        switch error {
        case is NIOTooManyBytesError:
            self = .tooLarge(limit: request.limit)
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .cancelled,
                .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
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
                self = .unreachable("no address answers")
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
