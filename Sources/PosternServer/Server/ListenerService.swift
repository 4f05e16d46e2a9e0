// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
import NIOSSL
package import RuleFiles
package import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Makes a service of a listener.
/// - Parameter name: the service's name in the log
package func listenerService(_ listener: HTTPListener, at address: ListenAddress, name: String) -> any Service {
    ListenerService(listener: listener, address: address, description: name)
}

/// Opens a listener when the service starts, and closes it when the service stops.
struct ListenerService: Service, CustomStringConvertible {
    let listener: HTTPListener
    let address: ListenAddress
    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    let description: String
    /// How long the listener stays open after the signal to stop, so that load balancers can stop sending requests.
    var drainDelay = Duration.zero
    var onListening: @Sendable (_ port: Int) async -> Void = { _ in }
    /// Called at the signal to stop.
    var onStopping: @Sendable () -> Void = {}

    func run() async throws {
        let port: Int
        do {
            port = try await listener.start()
        } catch is SocketAddressError.UnknownHost {
            throw SetupError(["cannot listen on \(address): there is no such host"])
        } catch let error as IOError {
            throw SetupError(["cannot listen on \(address): \(Self.reason(error))"])
        }
        await onListening(port)
        await withGracefulShutdownHandler {
            try? await gracefulShutdown()
        } onGracefulShutdown: {
            onStopping()
        }
        if drainDelay > .zero { try? await Task.sleep(for: drainDelay) }
        try await listener.stop()
    }

    /// The reason of an error, for operators.
    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "another process listens there; stop it, or choose another port"
        case EADDRNOTAVAIL: "this machine does not have that address; choose one of its own, or 0.0.0.0 for all"
        case EACCES: "this port requires privileges; choose one above 1023, or grant CAP_NET_BIND_SERVICE"
        default: error.description
        }
    }
}

extension NIOSSLContext {
    /// Makes the context of a listener from a certificate chain and a key in PEM files.
    /// - Throws: `SetupError` that names the file
    static func serving(_ files: ServiceSettings.TLSFiles) throws -> NIOSSLContext {
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificates).map { .certificate($0) }
        } catch {
            throw SetupError(["\(files.certificates): this is not a certificate chain in PEM, or it cannot be read"])
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw SetupError(["\(files.key): this is not a private key in PEM without a passphrase, or it cannot be read"])
        }
        do {
            return try NIOSSLContext(configuration: .serving(chain: chain, key: .privateKey(key)))
        } catch {
            throw SetupError(["\(files.key) is not the key of the certificate in \(files.certificates)"])
        }
    }
}
