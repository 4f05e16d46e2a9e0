// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import PostPolicy

/// Takes the body of one `POST /<bucket>/`.
///
/// The form is judged when the file begins, the size while it comes; nothing of a refused file stays. A refusal is answered at
/// once, before the rest of the body: the connection then reads on and drops it, so that clients that send first and read
/// afterwards, browsers among them, get the answer rather than a broken connection.
final class UploadReceiver: BodyReceiver {
    private let route: UploadRoute
    private let bucket: String
    private let location: String
    private let respond: (Result<Response, any Error>) -> Response
    private var reader: FormReader
    private var upload: IncomingUpload?

    /// - Parameters:
    ///   - location: the address below which the bucket's objects lie, with a slash at the end.
    ///   - respond: makes the whole answer.
    init(
        route: UploadRoute,
        bucket: String,
        boundary: MultipartBoundary,
        location: String,
        respond: @escaping (Result<Response, any Error>) -> Response
    ) {
        self.route = route
        self.bucket = bucket
        self.location = location
        self.respond = respond
        reader = FormReader(boundary: boundary)
    }

    func received(_ bytes: ByteBuffer) -> Response? {
        do {
            try take(bytes)
            return nil
        } catch {
            upload = nil
            return respond(.failure(route.refusal(error)))
        }
    }

    func ended() -> Response {
        let answer = Result { try store() }.mapError(route.refusal)
        upload = nil
        return respond(answer)
    }

    func aborted() {
        upload = nil
    }

    private func take(_ bytes: ByteBuffer) throws {
        reader.feed(bytes.readableBytesView)
        while let event = try reader.next() {
            switch event {
            case .fileBegan(let form): upload = try IncomingUpload(form, bucket: bucket, route: route)
            case .fileData(let bytes): try upload?.append(bytes)
            case .fileEnded: break
            }
        }
    }

    private func store() throws -> Response {
        try reader.finish()
        guard let upload else { throw StoreRefusal.fileMissing }
        return try route.store(upload, location: location)
    }
}

@available(*, unavailable)
extension UploadReceiver: Sendable {}
