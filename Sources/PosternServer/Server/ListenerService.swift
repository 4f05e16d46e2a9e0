// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
package import RuleFiles
package import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A listener as a service.
/// - Parameter name: for the log
package func listenerService(_ listener: HTTPListener, at address: ListenAddress, name: String) -> any Service {
    ListenerService(listener: listener, address: address, description: name)
}

/// A listener that lives from the start of the service to its end.
struct ListenerService: Service, CustomStringConvertible {
    let listener: HTTPListener
    let address: ListenAddress
    /// The lifecycle logs its services: the name, not the contents.
    let description: String
    /// How long the listener stays open after the signal to stop, until load balancers no longer send requests.
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

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "another process listens there"
        case EADDRNOTAVAIL: "this machine does not have that address"
        case EACCES: "this port needs more rights"
        default: error.description
        }
    }
}
