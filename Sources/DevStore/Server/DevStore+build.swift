// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
private import NIOCore
private import PostPolicy
private import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Builds the store, for `postern dev` and tests. It begins to listen when the result is started.
///
/// - Parameters:
///   - configuration: its folder and buckets are created if needed.
///   - logger: logs every decision, and never a policy, a signature or a secret.
///   - limits: of the connections.
///   - now: the clock by which tickets expire.
/// - Throws: if the folder cannot be created.
package func buildDevStore(
    configuration: DevStoreConfiguration,
    logger: Logger,
    limits: ConnectionLimits = .devStore,
    now: @escaping @Sendable () -> Date = { Date() }
) throws -> HTTPListener {
    let folder = try ObjectFolder(path: configuration.folder, buckets: configuration.buckets)
    let routes = StoreRoutes(
        buckets: Set(configuration.buckets),
        further: configuration.further,
        host: IPAddress(configuration.host),
        crossOrigin: CrossOrigin(allowedOrigins: configuration.allowedOrigins, further: { configuration.further().origins }),
        uploads: UploadRoute(
            folder: folder,
            evaluator: PolicyEvaluator(region: configuration.region),
            credentials: configuration.credentials,
            ignored: configuration.ignored,
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
    /// The limits of the store. All its clients are on this machine, so they are one peer.
    package static var devStore: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxConnections = 256
        limits.maxConnectionsPerPeer = 256
        // An upload that stalls longer than this is aborted, and its file removed.
        limits.streamTimeout = .seconds(30)
        // A reader of an object may pause.
        limits.responseTimeout = .minutes(10)
        // For whole files, fewer and larger reads.
        limits.maxReadBytes = 64 * 1024
        return limits
    }
}
