// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A connection whose bytes the test writes itself, to send half of something.
struct RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    init(port: Int) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel(wrappingChannelSynchronously: channel)
            }
        }
    }

    /// Sends the bytes, then reads until the text has been seen or the other side closes; gives all that was read.
    func send(_ bytes: [UInt8], readUntil text: String) async throws -> String {
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            var received = ""
            for try await buffer in inbound {
                received += String(buffer: buffer)
                if received.contains(text) { break }
            }
            return received
        }
    }

    /// Sends the bytes and goes away.
    func sendAndClose(_ bytes: [UInt8]) async throws {
        try await channel.executeThenClose { _, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
        }
    }
}
