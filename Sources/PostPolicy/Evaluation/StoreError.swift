// SPDX-License-Identifier: Apache-2.0

/// The error response of a store that does not accept an upload: S3's status, code and message.
public struct StoreError: Error, Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// S3's error code, for example `AccessDenied`.
    public let code: String
    /// S3's message, word for word where one has been observed.
    public let message: String
    /// Further elements of S3's error document, in order, for example `ProposedSize` and `MaxSizeAllowed`.
    public let details: [Detail]

    /// Creates an error response from its parts.
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

        /// Creates an element.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// Status, code and message in one line.
    public var description: String { "\(status) \(code): \(message)" }
}

// MARK: S3's answers

/// Responses to forms that lack a field or have an invalid signature. The messages are S3's, as clients have recorded them.
extension StoreError {
    static let anonymous = StoreError(status: 403, code: "AccessDenied", message: "Access Denied")

    /// - Parameter name: the field's name in AWS's spelling.
    static func missingField(_ name: String) -> StoreError {
        // Two spaces, as S3 writes them.
        invalidArgument(
            name, "",
            "Bucket POST must contain a field named '\(name)'.  If it is specified, please check the order of the fields."
        )
    }

    static func keyTooLong(bytes: Int) -> StoreError {
        StoreError(
            status: 400, code: "KeyTooLongError", message: "Your key is too long",
            details: [
                .init(name: "Size", value: "\(bytes)"),
                .init(name: "MaxSizeAllowed", value: "\(UploadPolicy.maximumKeyBytes)"),
            ]
        )
    }

    static func invalidArgument(
        _ name: String, _ value: String, _ message: String, further details: [Detail] = []
    ) -> StoreError {
        StoreError(
            status: 400, code: "InvalidArgument", message: message,
            details: [.init(name: "ArgumentName", value: name), .init(name: "ArgumentValue", value: value)] + details
        )
    }

    static let mechanismNotSupported = StoreError(
        status: 400, code: "InvalidRequest",
        message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )

    static func unknownAccessKey(_ id: String) -> StoreError {
        StoreError(
            status: 403, code: "InvalidAccessKeyId",
            message: "The AWS Access Key Id you provided does not exist in our records.",
            details: [.init(name: "AWSAccessKeyId", value: id)]
        )
    }

    /// S3 adds the string that it signed. The policy and the signature are not repeated here, so that they do not appear in
    /// logs.
    static func signatureMismatch(accessKeyID: String) -> StoreError {
        StoreError(
            status: 403, code: "SignatureDoesNotMatch",
            message:
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            details: [.init(name: "AWSAccessKeyId", value: accessKeyID)]
        )
    }

    static let invalidToken = StoreError(
        status: 400, code: "InvalidToken", message: "The provided token is malformed or otherwise invalid."
    )

    static let expiredToken = StoreError(status: 400, code: "ExpiredToken", message: "The provided token has expired.")

    static let signatureTooOld = StoreError(status: 403, code: "AccessDenied", message: "Request has expired")
}

/// Responses to policies that cannot be read and to forms that a policy does not allow. The messages are S3's, as clients have
/// recorded them; AWS does not document them.
extension StoreError {
    static let policyExpired = accordingToPolicy("Policy expired.")

    static func conditionFailed(_ condition: String) -> StoreError {
        accordingToPolicy("Policy Condition failed: \(condition)")
    }

    static func extraField(_ name: String) -> StoreError {
        accordingToPolicy("Extra input fields: \(name)")
    }

    static func invalidPolicy(_ reason: String) -> StoreError {
        StoreError(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: \(reason)")
    }

    static let invalidPolicyJSON = invalidPolicy("Invalid JSON.")

    static func tooLarge(_ size: Int, maximum: Int) -> StoreError {
        StoreError(
            status: 400, code: "EntityTooLarge", message: "Your proposed upload exceeds the maximum allowed size",
            details: [.init(name: "ProposedSize", value: "\(size)"), .init(name: "MaxSizeAllowed", value: "\(maximum)")]
        )
    }

    static func tooSmall(_ size: Int, minimum: Int) -> StoreError {
        StoreError(
            status: 400, code: "EntityTooSmall", message: "Your proposed upload is smaller than the minimum allowed size",
            details: [.init(name: "ProposedSize", value: "\(size)"), .init(name: "MinSizeAllowed", value: "\(minimum)")]
        )
    }

    private static func accordingToPolicy(_ reason: String) -> StoreError {
        StoreError(status: 403, code: "AccessDenied", message: "Invalid according to Policy: \(reason)")
    }
}
