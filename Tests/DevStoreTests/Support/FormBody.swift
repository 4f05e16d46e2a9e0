// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// Builds multipart/form-data by hand, also such as no client would send.
struct FormBody {
    static let boundary = "----PosternTest7MA4YWxkTrZu0gW"
    static let contentType = "multipart/form-data; boundary=\(boundary)"

    private(set) var bytes: [UInt8] = []

    /// A form with these fields and the file last.
    init(_ fields: [FormField], file: [UInt8], filename: String = "me.png") {
        for field in fields { add(field) }
        addFile(file, filename: filename)
        close()
    }

    /// An empty body, to be built part by part.
    init() {}

    mutating func add(_ field: FormField) {
        addPart(head: "Content-Disposition: form-data; name=\"\(field.name)\"", content: Array(field.value.utf8))
    }

    mutating func addFile(_ content: [UInt8], filename: String = "me.png") {
        addPart(
            head: "Content-Disposition: form-data; name=\"file\"; filename=\"\(filename)\"\r\nContent-Type: image/png",
            content: content
        )
    }

    mutating func addPart(head: String, content: [UInt8]) {
        bytes += Array("--\(Self.boundary)\r\n\(head)\r\n\r\n".utf8)
        bytes += content + Array("\r\n".utf8)
    }

    mutating func close() {
        bytes += Array("--\(Self.boundary)--\r\n".utf8)
    }
}
