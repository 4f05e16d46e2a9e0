// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An upload whose ticket is taken and whose body is in a file, for another process to send. It can be kept as JSON.
public struct PreparedUpload: Sendable, Codable {
    /// The ticket's id.
    public var id: String { ticket.id }
    /// `POST` or `PUT`.
    public let method: String
    /// Where to send it: as secret as the ticket.
    public let url: String
    /// The header fields to send, without `Content-Length`.
    public let headers: [String: String]
    /// The whole body, readable by this user only.
    public let bodyFile: URL
    /// For how many seconds from ``PosternClient/prepareUpload(file:rule:options:in:)`` the store accepts the upload.
    public var expiresIn: Int { ticket.expiresIn }
    private let ticket: Ticket
    private let size: Int64

    init(_ ticket: Ticket, _ source: SourceFile, filename: String, folder: URL) throws(UploadError) {
        let boundary = Ticket.makeBoundary()
        let request = try ticket.request(boundary: boundary, timeout: .zero)
        bodyFile = try ticket.body(source, filename: filename, boundary: boundary).write(in: folder)
        method = request.method
        url = request.url
        headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
        self.ticket = ticket
        size = source.size
    }

    /// What the store's answer means.
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - headers: the header fields of the answer.
    ///   - body: the beginning of the answer's body, 64 KiB at most.
    /// - Throws: the store's refusal; see ``UploadError/isRetryable``
    public func result(status: Int, headers: [String: String], body: Data) throws(UploadError) -> UploadResult {
        try result(TransportResponse(status: status, headers: headers.map { ($0.key, $0.value) }, body: Array(body)))
    }

    package func result(_ response: TransportResponse) throws(UploadError) -> UploadResult {
        try StoreAnswer(response).result(of: ticket, size: size)
    }

    /// The error of an upload that has no response.
    package func error(_ error: TransportError) -> UploadError {
        UploadError(error, of: "The store", at: url)
    }

    /// Removes the body's file.
    public func remove() {
        try? FileManager.default.removeItem(at: bodyFile)
    }

    /// Writes the upload as JSON into a folder. The file has what is needed to upload, so only this user can read it.
    package func save(in folder: URL) throws(UploadError) {
        let file = Self.file(id, in: folder)
        guard let json = try? JSONEncoder().encode(self), (try? NewFile.create(Array(json), to: file)) != nil else {
            throw UploadError(.fileUnreadable, "The upload cannot be remembered: \(file.path) cannot be written.")
        }
    }

    /// The upload of that id in a folder; nil if there is none.
    package static func saved(_ id: String, in folder: URL) -> PreparedUpload? {
        (try? Data(contentsOf: file(id, in: folder))).flatMap { try? JSONDecoder().decode(PreparedUpload.self, from: $0) }
    }

    /// Removes what ``save(in:)`` has written.
    package static func forget(_ id: String, in folder: URL) {
        try? FileManager.default.removeItem(at: file(id, in: folder))
    }

    /// Ids of tickets are UUIDs; what is not a name of a file is replaced.
    private static func file(_ id: String, in folder: URL) -> URL {
        let name = String(id.map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" ? $0 : "_" })
        return folder.appendingPathComponent("\(name).json")
    }
}
