// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

/// `GET /openapi.yaml`: the interface's description, compiled into the program.
enum DocumentAnswer {
    static let response = Response(
        status: .ok,
        headers: [.contentType: "application/yaml", .cacheControl: "public, max-age=300"],
        body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml))
    )
}
