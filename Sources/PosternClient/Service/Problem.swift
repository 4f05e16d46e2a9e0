// SPDX-License-Identifier: Apache-2.0

/// An error of Postern: RFC 9457 with a stable code. Only what the client uses; other members are ignored.
struct Problem: Decodable {
    let code: String
    let detail: String
    let requestId: String?
    let retryAfter: Int?
    let allowed: [String]?
}

extension UploadError {
    /// The error of a response of Postern whose status is not that of success.
    init(_ response: TransportResponse, decode: ([UInt8]) -> Problem?) {
        let status = response.status
        let isPassing = Self.isPassing(status)
        let wait = Self.retryAfter(response["Retry-After"])
        guard let problem = decode(response.body) else {
            self.init(
                .unexpectedAnswer,
                "The answer, with status \(status), is not Postern's: check its address, and any proxy between here and there.",
                isRetryable: isPassing, status: status, requestID: response["X-Request-Id"], retryAfter: wait)
            return
        }
        self.init(
            Code(rawValue: problem.code), problem.detail, isRetryable: isPassing, status: status,
            requestID: problem.requestId ?? response["X-Request-Id"],
            retryAfter: problem.retryAfter.flatMap { $0 >= 0 && $0 <= 31_536_000 ? .seconds($0) : nil } ?? wait,
            allowed: problem.allowed ?? [])
    }

    /// Whether a status says that the same request can succeed later.
    static func isPassing(_ status: Int) -> Bool {
        (500..<600).contains(status) && status != 501 && status != 505 || status == 408 || status == 429
    }

    /// Reads `Retry-After` in seconds; its other form, a date, would need a right clock, and is ignored.
    static func retryAfter(_ value: String?) -> Duration? {
        guard let value, value.utf8.count < 9, value.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        return Int(value).map { .seconds($0) }
    }

    /// The error of a request that has no response.
    /// - Parameter server: the subject of a sentence: `Postern` or `The store`
    init(_ error: TransportError, of server: String, at url: String) {
        let place = "\(server) at \(Self.host(of: url))"
        switch error {
        case .network(let reason):
            self.init(.network, "\(place) cannot be reached: \(reason).", isRetryable: true)
        case .refused(let reason):
            self.init(.network, "\(place) cannot be asked: \(reason).")
        case .timedOut:
            self.init(.timeout, "\(place) did not answer in time.", isRetryable: true)
        case .tooLarge:
            self.init(.unexpectedAnswer, "\(place) sent an answer that is far too long. Check the address, and any proxy.")
        case .body(let error):
            self = error
        }
    }

    /// Scheme, host and port of a URL: a path or query may have a signature.
    static func host(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/").split(separator: "?").first.map(String.init) ?? ""
    }
}
