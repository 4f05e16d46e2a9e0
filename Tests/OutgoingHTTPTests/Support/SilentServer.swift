// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// An address that does not even refuse: a listener that accepts nothing, and whose queue of connections is full, so that the
/// system drops what else comes, as a host that is gone or a firewall would.
struct SilentServer {
    private let channels: [any Channel]

    private init(host: String, port: Int) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 0)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: host, port: port).get()
        // The queue holds one more than it is told to; the next ones wait before it already, should the first still be on its way.
        let client = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        let first = try await client.connect(host: host, port: port).get()
        for _ in 0..<2 { _ = client.connect(host: host, port: port) }
        channels = [first, listener]
    }

    /// Keeps an address silent while a closure asks it.
    static func with<Answer>(host: String, port: Int, _ ask: () async throws -> Answer) async throws -> Answer {
        let server = try await SilentServer(host: host, port: port)
        do {
            let answer = try await ask()
            await server.close()
            return answer
        } catch {
            await server.close()
            throw error
        }
    }

    private func close() async {
        for channel in channels { try? await channel.close() }
    }
}
