// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// A form as browsers send it: `multipart/form-data` with the file last (RFC 7578).
struct FormBody {
    let contentType: String
    let bytes: [UInt8]

    /// - Parameter fields: whose names and values have no quotes, line ends or boundary: a signer checks that
    init(_ fields: [FormField], file: [UInt8]) {
        let boundary = "postern-doctor-\(UInt64.random(in: 0...UInt64.max))"
        var bytes: [UInt8] = []
        for field in fields {
            bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field.name)\"\r\n\r\n\(field.value)\r\n".utf8
        }
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"postern-doctor\"\r\n\r\n".utf8
        bytes += file
        bytes += "\r\n--\(boundary)--\r\n".utf8
        self.bytes = bytes
        contentType = "multipart/form-data; boundary=\(boundary)"
    }
}
