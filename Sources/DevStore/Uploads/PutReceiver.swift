// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import PostPolicy

/// Receives the body of one presigned `PUT /<bucket>/<key>`, which was evaluated by its head.
final class PutReceiver: BodyReceiver {
    private let route: UploadRoute
    private let respond: (Result<Response, any Error>) -> Response
    private var upload: IncomingUpload?

    /// - Parameter respond: makes the complete response.
    init(_ upload: IncomingUpload, route: UploadRoute, respond: @escaping (Result<Response, any Error>) -> Response) {
        self.upload = upload
        self.route = route
        self.respond = respond
    }

    func received(_ bytes: ByteBuffer) -> Response? {
        do {
            try upload?.append(ArraySlice(bytes.readableBytesView))
            return nil
        } catch {
            upload = nil
            return respond(.failure(error))
        }
    }

    func ended() -> Response {
        guard let upload else { return respond(.failure(StoreError.internalError)) }
        self.upload = nil
        return respond(Result { try route.storePut(upload) })
    }

    func aborted() {
        upload = nil
    }
}

@available(*, unavailable)
extension PutReceiver: Sendable {}
