// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Decodes HTTP/1 requests with NIO's decoder, and replaces that decoder after a request that offers another protocol.
///
/// NIO's decoder stops permanently after such a request (`Connection: Upgrade`, RFC 9110, section 7.8), and
/// `ByteToMessageHandler` then collects all further bytes without a limit. A server may ignore the offer, so decoding continues
/// with a new decoder. Undecoded bytes are limited, and input that the connection ignores is dropped.
final class RequestDecodingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPServerRequestPart

    private let connection: ConnectionHandler
    private let limits: ConnectionLimits
    private(set) var decoder: HTTPRequestDecoder
    /// Bytes that the decoder has not consumed, such as half a header field.
    private var undecoded: ByteBuffer?
    private var isDecoding = false
    /// Whether the decoder has thrown or has received the end of the input.
    private var isFinished = false

    init(connection: ConnectionHandler, limits: ConnectionLimits) {
        self.connection = connection
        self.limits = limits
        self.decoder = Self.makeDecoder(limits)
    }

    private static func makeDecoder(_ limits: ConnectionLimits) -> HTTPRequestDecoder {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = limits.maxHeaderBytes
        configuration.maxHeaderListSize = limits.maxHeaderBytes
        configuration.maxHeaderFieldCount = limits.maxHeaderFields
        return HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: configuration)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        decoder.decoderAdded(context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // Breaks the cycle between the decoder and its parser.
        decoder.decoderRemoved(context: context)
        undecoded = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        // Empty lines before a request are ignored (RFC 9112, section 2.2).
        if undecoded == nil, connection.idleSince != nil, Self.areEmptyLines(bytes) { return }
        connection.bytesReceived(bytes.readableBytes)
        guard !isFinished, !connection.ignoresInput else {
            undecoded = nil
            return
        }
        if undecoded == nil {
            undecoded = bytes
        } else {
            undecoded?.writeBuffer(&bytes)
        }
        decode(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { finish(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // No response can be sent any more.
        isFinished = true
        undecoded = nil
        context.fireChannelInactive()
    }

    private func decode(_ context: ChannelHandlerContext) {
        // The handler that receives a part may trigger another read, which calls this method again.
        guard !isDecoding else { return }
        isDecoding = true
        defer { isDecoding = false }
        var mayContinue = true
        while mayContinue, !isFinished, !connection.ignoresInput, var bytes = undecoded, bytes.readableBytes > 0 {
            undecoded = nil
            let lineEnds = Self.trailingLineEnds(of: bytes)
            let isPlain = bytes.readableBytes > lineEnds.count
            let end = bytes.withUnsafeReadableBytes { all in all.baseAddress.map { UnsafeRawPointer($0 + all.count) } }
            do {
                _ = try decoder.decode(context: context, buffer: &bytes)
            } catch {
                isFinished = true
                context.fireErrorCaught(error)
                return connection.decodingEnded(undecodedBytes: 0)
            }
            let hasRenewed = renewDecoderIfStopped(context)
            mayContinue = hasRenewed || undecoded != nil
            // Empty lines after a request do not begin another one; some clients send one after a body.
            var endsBody = false
            if let end, let bodyEnd = connection.lastBodyEnd { endsBody = bodyEnd <= end && end - bodyEnd <= lineEnds.count }
            if !hasRenewed, isPlain, !lineEnds.endHead, !endsBody { connection.nextRequestBegins() }
            putBack(&bytes)
        }
        if connection.ignoresInput {
            undecoded = nil
        } else if let bytes = undecoded, bytes.readableBytes > limits.maxUndecodedBytes {
            isFinished = true
            undecoded = nil
            context.fireErrorCaught(HTTPParserError.headerOverflow)
        }
        connection.decodingEnded(undecodedBytes: undecoded?.readableBytes ?? 0)
    }

    /// Counts the CR and LF at the end, and checks whether they begin with CR LF CR LF, the end of a head or of a chunked body.
    private static func trailingLineEnds(of bytes: ByteBuffer) -> (count: Int, endHead: Bool) {
        let all = bytes.readableBytesView
        var start = all.endIndex
        while start > all.startIndex, all[start - 1] == 0x0d || all[start - 1] == 0x0a { start -= 1 }
        return (all.endIndex - start, all[start...].starts(with: [0x0d, 0x0a, 0x0d, 0x0a]))
    }

    private static func areEmptyLines(_ bytes: ByteBuffer) -> Bool {
        bytes.readableBytesView.allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    private func renewDecoderIfStopped(_ context: ChannelHandlerContext) -> Bool {
        guard connection.takeDecoderStop() else { return false }
        decoder.decoderRemoved(context: context)
        decoder = Self.makeDecoder(limits)
        decoder.decoderAdded(context: context)
        return true
    }

    /// Puts undecoded bytes back, in front of those received in the meantime.
    private func putBack(_ bytes: inout ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        if var later = undecoded { bytes.writeBuffer(&later) }
        bytes.discardReadBytes()
        undecoded = bytes
    }

    /// Ends the input: an incomplete request is an error.
    private func finish(_ context: ChannelHandlerContext) {
        guard !isFinished else { return }
        isFinished = true
        var bytes = undecoded ?? ByteBuffer()
        undecoded = nil
        // The connection may have been closed during decoding, and decoding must not be reentered.
        guard !isDecoding else { return }
        do {
            _ = try decoder.decodeLast(context: context, buffer: &bytes, seenEOF: true)
        } catch {
            context.fireErrorCaught(error)
        }
    }
}

@available(*, unavailable)
extension RequestDecodingHandler: Sendable {}
