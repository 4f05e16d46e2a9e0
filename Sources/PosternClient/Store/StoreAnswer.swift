// SPDX-License-Identifier: Apache-2.0

import PortableFormats

/// What a store answered to an upload.
struct StoreAnswer {
    /// The longest answer that is read.
    static let maximumBytes = XMLReader.maximumBytes

    private let response: TransportResponse
    /// Empty if the body is not XML.
    private let elements: [XMLReader.Element]

    init(_ response: TransportResponse) {
        self.response = response
        elements = (try? XMLReader(response.body))?.elements ?? []
    }

    /// What became of the upload.
    /// - Throws: the store's refusal
    func result(of ticket: Ticket, size: Int64) throws(UploadError) -> UploadResult {
        guard isStored(with: ticket) else { throw error }
        return UploadResult(
            key: ticket.key, ticketID: ticket.id, rule: ticket.rule, size: size,
            etag: response["ETag"] ?? text("PostResponse/ETag"))
    }

    private func isStored(with ticket: Ticket) -> Bool {
        switch response.status {
        // A page with status 200 is of a proxy, or of a network that wants a login first.
        case 200: response["Content-Type"]?.lowercased().hasPrefix("text/html") != true && text("Error/Code") == nil
        case 201, 204: true
        // The page that a form is redirected to is for browsers.
        case 303: ticket.fields.keys.contains { $0.lowercased() == "success_action_redirect" }
        default: false
        }
    }

    private var error: UploadError {
        let status = response.status
        let requestID = text("Error/RequestId") ?? response["x-amz-request-id"]
        let wait = UploadError.retryAfter(response["Retry-After"])
        guard let code = text("Error/Code"), !code.isEmpty else {
            return UploadError(
                .unexpectedAnswer,
                "The answer, with status \(status), is not that of a store: check any proxy between here and there.",
                isRetryable: UploadError.isPassing(status), status: status, requestID: requestID, retryAfter: wait)
        }
        let message = text("Error/Message") ?? ""
        let detail = message.isEmpty ? code : "\(code): \(message)"
        guard let entry = StoreErrorTable.entry(code: code, message: message) else {
            return UploadError(
                .storeRefused, "The store did not take the file.", isRetryable: UploadError.isPassing(status), status: status,
                detail: detail, requestID: requestID, retryAfter: wait)
        }
        return UploadError(
            UploadError.Code(rawValue: entry.code), entry.sentence, isRetryable: entry.isRetryable, status: status,
            detail: detail,
            requestID: requestID, retryAfter: wait, needsNewTicket: entry.needsNewTicket)
    }

    private func text(_ path: String) -> String? { elements.first { $0.path == path }?.text }
}
