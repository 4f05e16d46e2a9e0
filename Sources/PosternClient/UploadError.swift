// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Why a file was not uploaded, with a stable code for programs and a sentence for people.
public struct UploadError: Error, Sendable, Hashable {
    /// What a program may decide by. Codes never change; treat one that you do not know by ``UploadError/isRetryable``.
    ///
    /// Besides those of this library there are the codes of Postern's problems, such as `size-too-large`
    /// (see `openapi.yaml`), and those of stores (see `clients/store-errors.json`).
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code as programs and logs write it: `size-too-large`.
        public let rawValue: String

        /// Any code, to compare with.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The code itself.
        public var description: String { rawValue }

        /// A server could not be reached, or the connection ended.
        public static let network = Code(rawValue: "network")
        /// The upload was cancelled.
        public static let aborted = Code(rawValue: "aborted")
        /// A server neither took nor sent a byte for a while.
        public static let timeout = Code(rawValue: "timeout")
        /// The file changed after the upload began.
        public static let fileChanged = Code(rawValue: "file-changed")
        /// The file cannot be opened or read.
        public static let fileUnreadable = Code(rawValue: "file-unreadable")
        /// The file is too large for the rule, or for S3, which takes 5 GiB at most.
        public static let sizeTooLarge = Code(rawValue: "size-too-large")
        /// A server sent something that is not of its interface: a proxy's page, or far too many bytes.
        public static let unexpectedAnswer = Code(rawValue: "unexpected-answer")
        /// The store refused the file, for a reason that this library does not know; see ``UploadError/detail``.
        public static let storeRefused = Code(rawValue: "store-refused")
        /// The closure that gives the token threw an error.
        public static let tokenUnavailable = Code(rawValue: "token-unavailable")
        /// The rule wants a checksum, and this system can compute none of its algorithms.
        public static let checksumUnsupported = Code(rawValue: "checksum-unsupported")
    }

    /// What kind of failure it is.
    public let code: Code
    /// What is wrong and what to do: one or two sentences.
    public let message: String
    /// Whether the same upload can succeed later. The client has tried as often as its configuration says.
    public let isRetryable: Bool
    /// The HTTP status of the answer; nil if there was none.
    public let status: Int?
    /// What the store itself said, such as `AccessDenied: Access Denied`; nil if it said nothing.
    public let detail: String?
    /// The id by which the server's operator finds the request; nil if the server gave none.
    public let requestID: String?
    /// How long the server asks to wait.
    public let retryAfter: Duration?
    /// Whether the ticket can no longer be used, and another one may help.
    let needsNewTicket: Bool
    /// The checksum algorithms to choose from, with Postern's `checksum-required`.
    let allowed: [String]

    init(
        _ code: Code, _ message: String, isRetryable: Bool = false, status: Int? = nil, detail: String? = nil,
        requestID: String? = nil, retryAfter: Duration? = nil, needsNewTicket: Bool = false, allowed: [String] = []
    ) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.status = status
        self.detail = detail
        self.requestID = requestID
        self.retryAfter = retryAfter
        self.needsNewTicket = needsNewTicket
        self.allowed = allowed
    }

    package static let ticketUnusable = UploadError(
        .unexpectedAnswer, "Postern's ticket cannot be used: its URL is not http or https. Check the address of Postern.")
    static let aborted = UploadError(.aborted, "The upload was cancelled.", isRetryable: true)
}

extension UploadError: LocalizedError, CustomStringConvertible {
    /// The sentence, for alerts.
    public var errorDescription: String? { message }
    /// The sentence with the code.
    public var description: String { "\(message) (\(code))" }
}
