// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
private import NIOCore
private import PostPolicy

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Builds the store; tests and `postern dev` both call this. It listens once it is started.
///
/// - Parameters:
///   - configuration: its folder and buckets are made when they are not there.
///   - logger: logs every decision, never a policy, a signature or a secret.
///   - limits: of its connections.
///   - now: the clock that tickets expire by.
/// - Throws: when the folder cannot be made.
package func buildDevStore(
    configuration: DevStoreConfiguration,
    logger: Logger,
    limits: ConnectionLimits = .ofDevStore,
    now: @escaping @Sendable () -> Date = { Date() }
) throws -> HTTPListener {
    let folder = try ObjectFolder(path: configuration.folder, buckets: configuration.buckets)
    let routes = StoreRoutes(
        buckets: Set(configuration.buckets),
        crossOrigin: CrossOrigin(allowedOrigins: configuration.allowedOrigins),
        uploads: UploadRoute(
            folder: folder,
            evaluator: PolicyEvaluator(region: configuration.region),
            credentials: configuration.credentials,
            logger: logger,
            now: now
        ),
        objects: ObjectRoute(folder: folder),
        logger: logger
    )
    return HTTPListener(
        host: configuration.host,
        port: configuration.port,
        limits: limits,
        responder: StoreResponder(routes: routes),
        now: now
    )
}

extension ConnectionLimits {
    /// All clients are on this machine and count as one peer.
    package static var ofDevStore: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxConnections = 256
        limits.maxConnectionsPerPeer = 256
        // An upload that stalls for half a minute is given up; its file goes with it.
        limits.streamTimeout = .seconds(30)
        // Whoever reads an object may stop for a while.
        limits.responseTimeout = .minutes(10)
        // Whole files come in.
        limits.maxReadBytes = 64 * 1024
        return limits
    }
}
