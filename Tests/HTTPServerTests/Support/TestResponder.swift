// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Synchronization

@testable import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Answers by the path of a request, and keeps what it was asked.
final class TestResponder: Responder {
    private struct State {
        var later: [EventLoopPromise<Response>] = []
        var streams: [TestReceiver.Record] = []
        var rejections: [Rejection] = []
        var heads: [String] = []
    }

    private let state = Mutex(State())

    /// The responses that were promised, in the order of their requests.
    var later: [EventLoopPromise<Response>] { state.withLock { $0.later } }
    /// What was made of each stream.
    var streams: [TestReceiver.Record] { state.withLock { $0.streams } }
    var rejections: [Rejection] { state.withLock { $0.rejections } }
    /// Method and target of each head.
    var heads: [String] { state.withLock { $0.heads } }

    func endpoint(for head: RequestHead) -> Endpoint {
        state.withLock { $0.heads.append("\(head.method.rawValue) \(head.target)") }
        switch head.path {
        case "/later":
            return Endpoint(
                .whole(maxBytes: 1000) { [self] _ in
                    .later { loop in
                        let promise = loop.makePromise(of: Response.self)
                        self.state.withLock { $0.later.append(promise) }
                        return promise.futureResult
                    }
                })
        case "/soon":
            return Endpoint(
                .whole(maxBytes: 1000) { request in
                    .later {
                        $0.makeSucceededFuture(Response(status: 200, body: .bytes(Array("soon \(request.head.target)".utf8))))
                    }
                })
        case "/fails":
            return Endpoint(.whole(maxBytes: 1000) { _ in .later { $0.makeFailedFuture(ChannelError.eof) } })
        case "/stream", "/stream-early", "/stream-refused":
            return Endpoint(
                .stream(maxBytes: 1000) { [self] head in TestReceiver(head, self) },
                refusal: { $0.path == "/stream-refused" ? Response(status: 403, body: .bytes(Array("no".utf8))) : nil })
        case "/big":
            let bytes = Int(head.target.split(separator: "?").last ?? "") ?? 0
            return Endpoint(
                .whole(maxBytes: 1000) { _ in .now(Response(status: 200, body: .bytes([UInt8](repeating: 0x61, count: bytes)))) })
        case "/shared":
            let buffer = ByteBuffer(string: "shared")
            return Endpoint(.whole(maxBytes: 1000) { _ in .now(Response(status: 200, body: .buffer(buffer))) })
        case "/shared-big":
            let buffer = ByteBuffer(repeating: 0x62, count: 40_000)
            return Endpoint(.whole(maxBytes: 1000) { _ in .now(Response(status: 200, body: .buffer(buffer))) })
        case "/refused":
            return Endpoint(
                .whole(maxBytes: 1000) { _ in .now(Response(status: 200)) },
                refusal: { _ in Response(status: 401, body: .bytes(Array("no".utf8))) })
        default:
            return Endpoint(
                .whole(maxBytes: head.path == "/tiny" ? 8 : 100_000) { request in
                    let text = "\(request.head.method.rawValue) \(request.head.target) \(String(buffer: request.body))"
                    return .now(Response(status: 200, body: .bytes(Array(text.utf8))))
                })
        }
    }

    fileprivate func open() -> Int {
        state.withLock { state in
            state.streams.append(TestReceiver.Record())
            return state.streams.count - 1
        }
    }

    fileprivate func report(_ record: TestReceiver.Record, _ number: Int) {
        state.withLock { $0.streams[number] = record }
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        state.withLock { $0.rejections.append(rejection) }
        let status =
            switch rejection {
            case .malformed: 400
            case .headersTooLarge: 431
            case .targetTooLong: 414
            case .bodyTooLarge: 413
            case .timedOut: 408
            case .tooManyConnections, .outOfMemoryBudget: 503
            }
        return Response(status: status, body: .bytes(Array("refused \(head?.target ?? "-")".utf8)))
    }
}

/// Takes a body as it comes.
final class TestReceiver: BodyReceiver {
    struct Record: Sendable, Equatable {
        var pieces: [String] = []
        var ended = 0
        var aborted = 0

        var text: String { pieces.joined() }
    }

    private let head: RequestHead
    private let responder: TestResponder
    private let number: Int
    private var record = Record() {
        didSet { responder.report(record, number) }
    }

    init(_ head: RequestHead, _ responder: TestResponder) {
        self.head = head
        self.responder = responder
        number = responder.open()
    }

    func received(_ bytes: ByteBuffer) -> Response? {
        record.pieces.append(String(buffer: bytes))
        guard head.path == "/stream-early" else { return nil }
        return Response(status: 422, body: .bytes(Array("early \(head.target)".utf8)))
    }

    func ended() -> Response {
        record.ended += 1
        return Response(status: 200, body: .bytes(Array("\(head.target) \(record.text)".utf8)))
    }

    func aborted() {
        record.aborted += 1
    }
}
