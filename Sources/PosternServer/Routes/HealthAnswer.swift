// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

/// `GET /healthz`: a constant. It says that the process answers, and nothing about it.
enum HealthAnswer {
    static let response = Response(
        status: .ok,
        headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#))
    )
}
