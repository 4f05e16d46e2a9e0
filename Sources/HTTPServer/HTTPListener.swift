// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What all connections of a listener share.
struct ListenerContext: Sendable {
    let limits: ConnectionLimits
    let responder: any Responder
    let table: ConnectionTable
    let now: @Sendable () -> Date
}

/// A socket that listens for HTTP/1.1, with or without TLS.
package final class HTTPListener: Sendable {
    /// The counts of its connections.
    package let connections: ConnectionTable

    /// The loops that the connections run on.
    package var eventLoops: [any EventLoop] { group.makeIterator().map { $0 } }

    private let host: String
    private let port: Int
    private let tls: (@Sendable () -> NIOSSLContext)?
    private let context: ListenerContext
    private let group: any EventLoopGroup
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<LoopConnections>]
    private let channel = Mutex<(any Channel)?>(nil)

    /// - Parameters:
    ///   - host: a name or an address, without brackets
    ///   - port: 0 for a free one
    ///   - tls: returns what a new connection uses, so that a certificate can be replaced; nil for plain HTTP
    ///   - isExempt: whether an address is a proxy, to which the limit per peer does not apply
    ///   - now: the date, for requests and for `Date`
    package init(
        host: String,
        port: Int,
        tls: (@Sendable () -> NIOSSLContext)? = nil,
        limits: ConnectionLimits,
        responder: any Responder,
        isExempt: @escaping @Sendable (String) -> Bool = { _ in false },
        now: @escaping @Sendable () -> Date = { Date() },
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.group = group
        connections = ConnectionTable(limits: limits, usesTLS: tls != nil, isExempt: isExempt)
        context = ListenerContext(limits: limits, responder: responder, table: connections, now: now)
        var loops: [ObjectIdentifier: NIOLoopBoundBox<LoopConnections>] = [:]
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = .makeBoxSendingValue(LoopConnections(eventLoop: loop), eventLoop: loop)
        }
        self.loops = loops
    }

    /// Opens the socket, unless it is open.
    /// - Returns: the port
    /// - Throws: an error of NIO, such as `IOError` if the port is in use
    package func start() async throws -> Int {
        if let open = channel.withLock({ $0 }) { return open.localAddress?.port ?? port }
        let bootstrap = Self.bootstrap(group)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Otherwise the kernel buffers megabytes for a client that does not read.
            .childChannelOption(.socketOption(.so_sndbuf), value: 64 * 1024)
            // Small, since each connection keeps its buffers, and a request is a kilobyte or two.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: context.limits.maxReadBytes)
            )
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in accept(channel) }
        let bound = try await bootstrap.bind(host: host, port: port).get()
        channel.withLock { $0 = bound }
        return bound.localAddress?.port ?? port
    }

    /// Opens a socket as ``start()`` does, and closes it at once: to find out whether a listener could be opened there.
    /// - Throws: an error of NIO, such as `IOError` if the port is in use
    package static func probe(host: String, port: Int) async throws {
        try await bootstrap(MultiThreadedEventLoopGroup.singleton).bind(host: host, port: port).get().close()
    }

    private static func bootstrap(_ group: any EventLoopGroup) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let own = ObjectIdentifier(channel.eventLoop)
        guard let loop = loops[own] else { return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported) }
        let peer = PeerAddress(channel.remoteAddress)
        let admission = connections.admit(peer)
        guard admission == .full, !loop.value.makeRoom(protectedTime: context.limits.protectedTime) else {
            let isAdmitted = admission == .admitted || admission == .full && admitInPlace(peer)
            return channel.eventLoop.makeCompletedFuture { try setUp(channel, peer, isAdmitted: isAdmitted) }
        }
        return makeRoom(on: loops.filter { $0.key != own }.map(\.value), for: channel.eventLoop).flatMapThrowing { [self] found in
            try setUp(channel, peer, isAdmitted: found && admitInPlace(peer))
        }
    }

    private func admitInPlace(_ peer: PeerAddress?) -> Bool {
        connections.countEviction()
        return connections.admit(peer, inPlaceOfAnother: true) == .admitted
    }

    /// Closes a connection on the first loop that has one to close.
    private func makeRoom(
        on loops: [NIOLoopBoundBox<LoopConnections>], for eventLoop: any EventLoop
    ) -> EventLoopFuture<Bool> {
        guard let first = loops.first else { return eventLoop.makeSucceededFuture(false) }
        let protectedTime = context.limits.protectedTime
        return first.eventLoop.submit { first.value.makeRoom(protectedTime: protectedTime) }.hop(to: eventLoop).flatMap {
            [self] found in
            found ? eventLoop.makeSucceededFuture(true) : makeRoom(on: Array(loops.dropFirst()), for: eventLoop)
        }
    }

    private func setUp(_ channel: any Channel, _ peer: PeerAddress?, isAdmitted: Bool) throws {
        guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.value, isAdmitted || connections.refuse() else {
            throw ChannelError.operationUnsupported
        }
        let connection = ConnectionHandler(
            listener: context, loop: loop, peer: peer, refusal: isAdmitted ? nil : .tooManyConnections)
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let socket = SocketHandler(connection: connection, tls: tls())
            connection.beginsWithTLS(socket)
            try pipeline.addHandler(socket)
        }
        try pipeline.addHandler(RequestDecodingHandler(connection: connection, limits: context.limits))
        try pipeline.addHandler(connection)
    }

    /// Closes the socket, and waits until the connections have closed.
    /// - Parameter atOnce: whether requests are aborted; otherwise the connections complete them first
    /// - Throws: `CancellationError` if the task is cancelled
    package func stop(atOnce: Bool = false) async throws {
        let listening = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        try? await listening?.close()
        for loop in loops.values {
            try? await loop.eventLoop.submit { atOnce ? loop.value.closeAll() : loop.value.drain() }.get()
        }
        while connections.figures.open > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }
}
