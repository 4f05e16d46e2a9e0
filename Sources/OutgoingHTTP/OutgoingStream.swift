// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// The body of a request that is too large for memory. It is read in pieces, as the connection takes them.
package struct OutgoingStream: Sendable {
    /// Fills a buffer with the bytes at an offset, and returns how many there are; fewer than there is room for only at the end. It
    /// may block: it is called on a thread for that.
    package typealias Read = @Sendable (_ offset: Int64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int

    /// The value of `Content-Length`.
    package let length: Int64
    private let read: Read
    private let progress: @Sendable (Int64) -> Void

    private static let piece: Int64 = 256 * 1024

    /// - Parameter progress: is called with the number of bytes that the connection has taken so far
    package init(length: Int64, read: @escaping Read, progress: @escaping @Sendable (Int64) -> Void) {
        self.length = length
        self.read = read
        self.progress = progress
    }

    /// The body for a client whose connections are on one event loop.
    func pieces(on loop: any EventLoop) -> Pieces { Pieces(stream: self, loop: loop) }

    struct Pieces: AsyncSequence, Sendable {
        fileprivate let stream: OutgoingStream
        fileprivate let loop: any EventLoop

        func makeAsyncIterator() -> Iterator { Iterator(stream: stream, loop: loop) }
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: OutgoingStream
        fileprivate let loop: any EventLoop
        private var position: Int64 = 0

        fileprivate init(stream: OutgoingStream, loop: any EventLoop) {
            self.stream = stream
            self.loop = loop
        }

        mutating func next() async throws -> ByteBuffer? {
            // The client hands pieces over to the event loop, and asks for more until the loop tells it to pause. On a busy machine it
            // would fill the memory first. The loop works in order: this waits until it has taken the piece before.
            try await loop.submit {}.get()
            stream.progress(position)
            guard position < stream.length else { return nil }
            let (stream, position) = (stream, position)
            let buffer = try await NIOThreadPool.singleton.runIfActive {
                let count = Int(Swift.min(OutgoingStream.piece, stream.length - position))
                var buffer = ByteBufferAllocator().buffer(capacity: count)
                _ = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) {
                    try stream.read(position, UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
                }
                return buffer
            }
            self.position += Int64(buffer.readableBytes)
            return buffer
        }
    }
}
