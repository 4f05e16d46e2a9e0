// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
package import RuleFiles
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens a listener when the service starts, and closes it when the service stops.
package struct ListenerService: Service, CustomStringConvertible {
    let listener: HTTPListener
    let address: ListenAddress
    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    package let description: String
    /// Whether a stop aborts the requests, instead of waiting for them.
    var stopsAtOnce = false
    /// How long the listener stays open after the signal to stop, so that load balancers can stop sending requests.
    var drainDelay: @Sendable () -> Duration = { .zero }
    var onListening: @Sendable (_ port: Int) async -> Void = { _ in }
    /// Called at the signal to stop.
    var onStopping: @Sendable () -> Void = {}

    package func run() async throws {
        await onListening(try await open())
        await withGracefulShutdownHandler {
            try? await gracefulShutdown()
        } onGracefulShutdown: {
            onStopping()
        }
        let delay = drainDelay()
        if delay > .zero { try? await Task.sleep(for: delay) }
        try await stop()
    }

    /// Opens the listener, unless it is open.
    /// - Returns: the port
    @discardableResult
    package func open() async throws(ListenError) -> Int {
        do {
            return try await listener.start()
        } catch {
            throw ListenError(error, at: address)
        }
    }

    /// Stops the listener. Requests that have not ended in time are aborted.
    private func stop() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.stop(atOnce: stopsAtOnce) }
            group.addTask { try await Task.sleep(for: Self.stopTimeout) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// How long running requests are waited for.
    package static let stopTimeout = Duration.seconds(20)
}

extension ListenerService {
    /// - Parameters:
    ///   - name: the service's name in the log
    ///   - stopsAtOnce: whether a stop aborts the requests, instead of waiting for them
    package init(_ listener: HTTPListener, at address: ListenAddress, name: String, stopsAtOnce: Bool) {
        self.init(listener: listener, address: address, description: name, stopsAtOnce: stopsAtOnce)
    }
}

/// Why a listener could not be opened, for operators.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    package let address: ListenAddress
    /// Whether another socket listens at the address.
    package let isInUse: Bool
    private let reason: String

    package var description: String { "cannot listen on \(address): \(reason)" }

    /// - Parameter error: of ``HTTPListener``
    package init(_ error: any Error, at address: ListenAddress) {
        self.address = address
        let code = (error as? IOError)?.errnoCode
        isInUse = code == EADDRINUSE
        reason =
            switch code {
            case EADDRINUSE: "another process listens there; stop it, or choose another port"
            case EADDRNOTAVAIL: "this machine does not have that address; choose one of its own, or 0.0.0.0 for all"
            case EACCES: "this port requires privileges; choose one above 1023, or grant CAP_NET_BIND_SERVICE"
            default: error is SocketAddressError.UnknownHost ? "there is no such host" : "\(error)"
            }
    }
}
