// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import PosternTestSupport
import Synchronization
import Testing

/// Postern and a store that answer what a test says, and remember what they were asked.
final class FakeTransport: UploadTransport {
    typealias Answer = Result<TransportResponse, TransportError>

    struct Asked: Sendable {
        let request: TransportRequest
        /// The whole body.
        let body: [UInt8]

        var header: [String: String] {
            Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        }

        /// The members of a JSON body.
        func member(_ name: String) -> Any? {
            (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])?[name]
        }
    }

    private struct State {
        var service: [Asked] = []
        var store: [Asked] = []
    }

    private let state = Mutex(State())
    private let answerOfService: @Sendable (_ asked: Asked, _ number: Int) async -> Answer
    private let answerOfStore: @Sendable (_ asked: Asked, _ number: Int) async -> Answer
    /// Is called before each piece of a body is read.
    private let beforePiece: @Sendable (_ offset: Int64) -> Void

    /// - Parameters:
    ///   - service: the answer to the request of Postern with a number, from 0
    ///   - store: the answer to the upload with a number, from 0
    init(
        service: @escaping @Sendable (Asked, Int) async -> Answer = { _, _ in .success(.ticket()) },
        store: @escaping @Sendable (Asked, Int) async -> Answer = { _, _ in .success(.stored) },
        beforePiece: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        answerOfService = service
        answerOfStore = store
        self.beforePiece = beforePiece
    }

    var askedService: [Asked] { state.withLock { $0.service } }
    var askedStore: [Asked] { state.withLock { $0.store } }

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        let asked = Asked(request: request, body: request.body)
        let number = state.withLock { state in
            state.service.append(asked)
            return state.service.count - 1
        }
        return try await answerOfService(asked, number).get()
    }

    func upload(
        _ request: TransportRequest, body: UploadBody, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(TransportError) -> TransportResponse {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1000)
        do throws(UploadError) {
            while Int64(bytes.count) < body.byteCount {
                beforePiece(Int64(bytes.count))
                let position = Int64(bytes.count)
                var count = 0
                var failure: UploadError?
                piece.withUnsafeMutableBytes { buffer in
                    do throws(UploadError) { count = try body.read(at: position, into: buffer) } catch { failure = error }
                }
                if let failure { throw failure }
                bytes += piece[..<count]
                progress(Int64(bytes.count))
            }
        } catch {
            throw .body(error)
        }
        let asked = Asked(request: request, body: bytes)
        let number = state.withLock { state in
            state.store.append(asked)
            return state.store.count - 1
        }
        return try await answerOfStore(asked, number).get()
    }
}

extension TransportResponse {
    static let stored = TransportResponse(status: 201, headers: [("ETag", "\"e\"")], body: [])

    /// A ticket as Postern writes it.
    static func ticket(
        method: String = "POST", url: String = "https://store.example/bucket/", headers: String = "{}",
        fields: String = #"{"key":"k/a.txt","Content-Type":"text/plain","Policy":"e30="}"#, expiresIn: Int = 300, id: String = "t"
    ) -> TransportResponse {
        let json = """
            {"id":"\(id)","method":"\(method)","url":"\(url)","headers":\(headers),"fields":\(fields),"fileField":"file",\
            "key":"k/a.txt","minSize":5,"maxSize":5,"expiresAt":"2001-01-01T00:00:00Z","expiresIn":\(expiresIn),\
            "serverTime":"2001-01-01T00:00:00Z","rule":"r","later":{"any":1}}
            """
        return TransportResponse(status: 201, headers: [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    static func problem(_ status: Int, _ code: String, more: String = "", headers: [(name: String, value: String)] = []) -> Self {
        let json = """
            {"type":"urn:postern:problem:\(code)","title":"T","status":\(status),"detail":"What to do.","code":"\(code)",\
            "requestId":"r1"\(more)}
            """
        return TransportResponse(status: status, headers: headers, body: Array(json.utf8))
    }

    static func storeError(_ status: Int, _ code: String, _ message: String = "") -> Self {
        let xml =
            "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>\(message)</Message><RequestId>q1</RequestId></Error>"
        return TransportResponse(status: status, headers: [("Content-Type", "application/xml")], body: Array(xml.utf8))
    }
}

/// A clock that moves when somebody waits, and random numbers that are all 0: waits are a half of the longest.
final class FakeTiming: Sendable {
    /// Waits that are as long as this are for an upload that stalls.
    static let stall = Duration.seconds(1000)

    private struct State {
        var now = Duration.seconds(50)
        var waits: [Duration] = []
    }

    private let state = Mutex(State())
    /// Whether a wait for a stalled upload ends at once.
    private let stalls: Bool

    init(stalls: Bool = false) {
        self.stalls = stalls
    }

    /// All waits but those for stalled uploads.
    var waits: [Duration] { state.withLock { $0.waits } }

    func advance(by duration: Duration) {
        state.withLock { $0.now += duration }
    }

    var timing: ClientTiming {
        ClientTiming(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in
                if duration > Self.stall / 2, !self.stalls { return try await Task.sleep(for: .seconds(86_400)) }
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += duration
                    if duration < Self.stall / 2 { state.waits.append(duration) }
                }
            },
            random: { 0 })
    }
}

/// A client of the fakes, and a file to upload.
struct TestClient {
    let folder: TemporaryFolder
    let transport: FakeTransport
    let timing: FakeTiming
    let client: PosternClient

    init(
        _ transport: FakeTransport = FakeTransport(), timing: FakeTiming = FakeTiming(), attempts: Int = 5,
        token: @escaping PosternClient.TokenProvider = { _ in "tok" }
    ) throws {
        folder = try TemporaryFolder()
        self.transport = transport
        self.timing = timing
        var configuration = PosternClient.Configuration()
        configuration.attempts = attempts
        configuration.stallTimeout = FakeTiming.stall
        let endpoint = try #require(URL(string: "https://postern.example/base/"))
        client = PosternClient(
            endpoint: endpoint, token: token, transport: transport, configuration: configuration, timing: timing.timing)
    }

    func file(_ text: String = "hello", named name: String = "a.txt") throws -> URL {
        URL(fileURLWithPath: try folder.write(text, to: name))
    }

    /// The error of an upload.
    func failure(_ file: URL? = nil, options: UploadOptions = UploadOptions()) async throws -> UploadError {
        let upload = client.upload(file: try file ?? self.file(), rule: "r", options: options)
        do throws(UploadError) {
            _ = try await upload.result
        } catch {
            return error
        }
        throw NothingThrown()
    }

    struct NothingThrown: Error {}
}
