// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore

/// A body that is not read: the response follows from the request's head.
final class RefusedBody: BodyReceiver {
    private let response: Response

    init(_ response: Response) {
        self.response = response
    }

    func received(_ bytes: ByteBuffer) -> Response? { response }

    func ended() -> Response { response }

    func aborted() {}
}

@available(*, unavailable)
extension RefusedBody: Sendable {}
