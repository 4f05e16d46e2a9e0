// SPDX-License-Identifier: Apache-2.0

/// What a store answers when it does not take an upload: S3's status, code and message.
public struct StoreRefusal: Error, Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// S3's error code, for example `AccessDenied`.
    public let code: String
    /// S3's message, word for word where one has been observed.
    public let message: String
    /// Further elements of S3's error document, in order, for example `ProposedSize` and `MaxSizeAllowed`.
    public let details: [Detail]

    /// Takes the parts of an answer.
    public init(status: Int, code: String, message: String, details: [Detail] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    /// One element of an error document.
    public struct Detail: Sendable, Hashable {
        /// The element's name.
        public let name: String
        /// The element's text.
        public let value: String

        /// Takes a name and a text.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension StoreRefusal: CustomStringConvertible {
    /// Status, code and message in a line.
    public var description: String { "\(status) \(code): \(message)" }
}
