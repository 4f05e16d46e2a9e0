// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOCore
import NIOPosix
import PosternTestSupport
import RuleFiles
import Testing

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct ListenerServiceTests {
    private struct EmptyResponder: Responder {
        var status = 200

        func endpoint(for head: RequestHead) -> Endpoint {
            Endpoint(.whole(maxBytes: 0) { _ in .now(Response(status: status)) })
        }

        func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
            Response(status: 400)
        }
    }

    private func listener(port: Int = 0, status: Int = 200) -> HTTPListener {
        HTTPListener(host: "127.0.0.1", port: port, limits: ConnectionLimits(), responder: EmptyResponder(status: status))
    }

    @Test func `the limits of connections have the same defaults in the settings and in the server`() {
        let (ofSettings, ofServer) = (ServiceSettings().limits, ConnectionLimits())
        #expect(ofSettings.maxConnections == ofServer.maxConnections)
        #expect(ofSettings.maxConnectionsPerPeer == ofServer.maxConnectionsPerPeer)
        #expect(ofSettings.idleTimeout == ofServer.idleTimeout)
    }

    private func isHealthy(port: Int, host: String = "127.0.0.1") async throws -> Bool {
        let probe = HealthProbe(address: ListenAddress(host: host, port: port), usesTLS: false)
        return try await probe.checkPublicPort(on: MultiThreadedEventLoopGroup.singleton.next()).get()
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0"])
    func `a listener that responds is healthy, with any status`(_ host: String) async throws {
        let listener = listener(status: 503)
        let port = try await listener.start()
        #expect(try await isHealthy(port: port, host: host))
        try await listener.stop()
        #expect(try await !isHealthy(port: port, host: host))
    }

    @Test func `a port in use is named`() async throws {
        let first = listener()
        let port = try await first.start()
        let address = ListenAddress(host: "127.0.0.1", port: port)
        let service = ListenerService(listener: listener(port: port), address: address, description: "second")
        let error = await #expect(throws: ListenError.self) { try await service.run() }
        #expect(
            error?.description
                == "cannot listen on 127.0.0.1:\(port): another process listens there; stop it, or choose another port")
        #expect(error?.isInUse == true)
        try await first.stop()
    }
}
