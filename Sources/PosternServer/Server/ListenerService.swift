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
    var drainDelay: @Sendable () -> Duration = { .zero }
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
        let delay = drainDelay()
        if delay > .zero { try? await Task.sleep(for: delay) }
        try await stop()
    }

    /// Stops the listener. Requests that have not ended in time are aborted.
    private func stop() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.stop() }
            group.addTask { try await Task.sleep(for: Self.stopTimeout) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// How long running requests are waited for.
    package static let stopTimeout = Duration.seconds(20)

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
