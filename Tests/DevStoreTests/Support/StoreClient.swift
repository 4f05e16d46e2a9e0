// SPDX-License-Identifier: Apache-2.0

/// A client of a store that listens, with a connection for each request: it sends all before it reads.
struct StoreClient: Sendable {
    let port: Int

    func execute(
        _ method: String,
        _ target: String,
        headers: KeyValuePairs<String, String> = [:],
        contentType: String? = nil,
        body: [UInt8]? = nil
    ) async throws -> StoreResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let contentType { head += "Content-Type: \(contentType)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return try await exchange(Array((head + "\r\n").utf8) + (body ?? []), isHead: method == "HEAD")
    }

    /// Posts a form, by default to the bucket that forms are signed for.
    func post(
        _ body: FormBody,
        to path: String = "/bucket/",
        headers: KeyValuePairs<String, String> = [:]
    ) async throws -> StoreResponse {
        try await execute("POST", path, headers: headers, contentType: FormBody.contentType, body: body.bytes)
    }

    /// Sends these bytes, and reads until the store closes the connection.
    /// - Parameter closesOutput: whether the store is told that nothing more comes.
    func exchange(_ bytes: [UInt8], closesOutput: Bool = false, isHead: Bool = false) async throws -> StoreResponse {
        let connection = try await RawConnection(port: port)
        try await connection.send(bytes)
        if closesOutput { try await connection.closeOutput() }
        return try StoreResponse(await connection.answer(), isHead: isHead)
    }
}
