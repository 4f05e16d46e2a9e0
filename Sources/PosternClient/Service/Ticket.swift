// SPDX-License-Identifier: Apache-2.0

/// The body of `POST /v1/tickets`.
struct TicketRequest: Sendable, Encodable {
    var rule: String?
    var filename: String?
    var contentType: String?
    var size: Int64
    var checksum: FileChecksum?
    var metadata: [String: String]?
    var user: String?
    var parameters: [String: String]?
    var path: String?

    init(rule: String?, _ options: UploadOptions, filename: String, size: Int64) {
        self.rule = rule
        self.filename = options.filename ?? filename
        contentType = options.contentType
        self.size = size
        metadata = options.metadata.isEmpty ? nil : options.metadata
        user = options.user
        parameters = options.parameters.isEmpty ? nil : options.parameters
        path = options.path
    }
}

/// What Postern signed: how to send one file to the store.
struct Ticket: Sendable, Hashable, Codable {
    enum Method: String, Sendable, Codable {
        /// A form with the file as its last field.
        case post = "POST"
        /// The file as the body.
        case put = "PUT"
    }

    let id: String
    let method: Method
    let url: String
    let headers: [String: String]
    let fields: [String: String]
    let fileField: String
    let key: String
    /// Seconds that the ticket is valid from when Postern signed it. The clock of this machine may be wrong, so its date is not used.
    let expiresIn: Int
    let rule: String
}

extension Ticket {
    /// Header fields that belong to the transport, or that a store refuses beside a ticket.
    private static let unsendable: Set = [
        "authorization", "connection", "content-length", "cookie", "expect", "host", "proxy-authorization", "te",
        "transfer-encoding",
        "upgrade",
    ]

    /// The request to the store, whose body is ``body(_:filename:boundary:)``.
    /// - Parameter boundary: of the form; see ``makeBoundary()``
    /// - Throws: ``UploadError/Code/unexpectedAnswer`` if the ticket cannot be sent as HTTP
    func request(boundary: String, timeout: Duration) throws(UploadError) -> TransportRequest {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .ticketUnusable
        }
        var headers: [(name: String, value: String)] = []
        for (name, value) in self.headers.sorted(by: { $0.key < $1.key }) {
            guard Self.isToken(name), Self.isText(value), !Self.unsendable.contains(name.lowercased()) else {
                throw Self.unsendable("a header field cannot be sent")
            }
            headers.append((name, value))
        }
        if method == .post {
            headers.removeAll { $0.name.lowercased() == "content-type" }
            headers.append(("Content-Type", "multipart/form-data; boundary=\(boundary)"))
        }
        return TransportRequest(
            method: method.rawValue, url: url, headers: headers, timeout: timeout, responseLimit: StoreAnswer.maximumBytes)
    }

    /// The body of the request: the form as browsers send it, with the file last (RFC 7578), or the file alone.
    /// - Parameter filename: of the file's part
    /// - Throws: ``UploadError/Code/unexpectedAnswer`` if a name cannot be in a form
    func body(_ file: SourceFile, filename: String, boundary: String) throws(UploadError) -> UploadBody {
        guard method == .post else { return UploadBody(head: [], file: file, tail: []) }
        var head: [UInt8] = []
        // S3 accepts any order before the file; this one is always the same.
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard Self.isName(name) else { throw Self.unsendable("a field's name cannot be in a form") }
            head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        guard Self.isName(fileField) else { throw Self.unsendable("the file's field cannot be in a form") }
        let type = fields.first { $0.key.lowercased() == "content-type" }?.value ?? "application/octet-stream"
        head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(fileField)\"; filename=\"".utf8
        head += Self.escaped(filename)
        head += "\"\r\nContent-Type: \(Self.isText(type) ? type : "application/octet-stream")\r\n\r\n".utf8
        return UploadBody(head: head, file: file, tail: Array("\r\n--\(boundary)--\r\n".utf8))
    }

    /// A boundary that no file has by accident: 128 random bits.
    static func makeBoundary() -> String {
        var random = SystemRandomNumberGenerator()
        return "postern-" + (0..<2).map { _ in String(random.next() as UInt64, radix: 36) }.joined()
    }

    private static func unsendable(_ reason: String) -> UploadError {
        UploadError(.unexpectedAnswer, "Postern's ticket cannot be used: \(reason). Check the address of Postern.")
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
    }

    /// Whether a text can be the value of a header field.
    private static func isText(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && isText(text) && !text.utf8.contains(UInt8(ascii: "\""))
    }

    /// A file name in quotes, as browsers escape it (HTML standard, "multipart/form-data encoding algorithm").
    private static func escaped(_ name: String) -> [UInt8] {
        name.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\""): Array("%22".utf8)
            case UInt8(ascii: "\r"): Array("%0D".utf8)
            case UInt8(ascii: "\n"): Array("%0A".utf8)
            default: [byte]
            }
        }
    }
}
