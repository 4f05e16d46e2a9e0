// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
package import Logging
private import NIOCore
private import PostPolicy

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Builds the store; tests and `postern dev` both call this.
///
/// - Parameters:
///   - configuration: its folder and buckets are made when they are not there.
///   - logger: told of every decision, never of a policy, a signature or a secret.
///   - now: the clock that tickets expire by.
///   - onServerRunning: told the port once the store listens.
/// - Throws: when the folder cannot be made.
package func buildDevStore(
    configuration: DevStoreConfiguration,
    logger: Logger,
    now: @escaping @Sendable () -> Date = { Date() },
    onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) throws -> some ApplicationProtocol {
    let folder = try ObjectFolder(path: configuration.folder, buckets: configuration.buckets)
    let responder = StoreResponder(
        buckets: Set(configuration.buckets),
        crossOrigin: CrossOrigin(allowedOrigins: configuration.allowedOrigins),
        uploads: UploadRoute(
            folder: folder,
            judge: FormJudge(region: configuration.region),
            credentials: configuration.credentials,
            now: now
        ),
        objects: ObjectRoute(folder: folder)
    )
    return Application(
        responder: responder,
        // An upload that stalls for half a minute is given up; its file goes with it.
        server: .http1(configuration: .init(idleTimeout: .seconds(30))),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "PosternDevStore"
        ),
        onServerRunning: { await onServerRunning($0.localAddress?.port ?? configuration.port) },
        logger: logger
    )
}
