// SPDX-License-Identifier: Apache-2.0

/// What S3 says of forms that lack a field or are not signed as they should be. The messages are S3's own, as clients have
/// recorded them.
extension StoreRefusal {
    static let anonymous = StoreRefusal(status: 403, code: "AccessDenied", message: "Access Denied")

    /// - Parameter name: the field's name in AWS's spelling.
    static func missingField(_ name: String) -> StoreRefusal {
        // Two spaces, as S3 writes them.
        invalidArgument(
            name, "",
            "Bucket POST must contain a field named '\(name)'.  If it is specified, please check the order of the fields."
        )
    }

    static func keyTooLong(bytes: Int) -> StoreRefusal {
        StoreRefusal(
            status: 400, code: "KeyTooLongError", message: "Your key is too long",
            details: [
                .init(name: "Size", value: "\(bytes)"),
                .init(name: "MaxSizeAllowed", value: "\(UploadPolicy.maximumKeyBytes)"),
            ]
        )
    }

    static func invalidArgument(
        _ name: String, _ value: String, _ message: String, further details: [Detail] = []
    ) -> StoreRefusal {
        StoreRefusal(
            status: 400, code: "InvalidArgument", message: message,
            details: [.init(name: "ArgumentName", value: name), .init(name: "ArgumentValue", value: value)] + details
        )
    }

    static let mechanismNotSupported = StoreRefusal(
        status: 400, code: "InvalidRequest",
        message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )

    static func unknownAccessKey(_ id: String) -> StoreRefusal {
        StoreRefusal(
            status: 403, code: "InvalidAccessKeyId",
            message: "The AWS Access Key Id you provided does not exist in our records.",
            details: [.init(name: "AWSAccessKeyId", value: id)]
        )
    }

    /// S3 adds the string that it signed; here the policy and the signature are not repeated, so that no log gets them.
    static func signatureMismatch(accessKeyID: String) -> StoreRefusal {
        StoreRefusal(
            status: 403, code: "SignatureDoesNotMatch",
            message:
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            details: [.init(name: "AWSAccessKeyId", value: accessKeyID)]
        )
    }

    static let invalidToken = StoreRefusal(
        status: 400, code: "InvalidToken", message: "The provided token is malformed or otherwise invalid."
    )

    static let expiredToken = StoreRefusal(status: 400, code: "ExpiredToken", message: "The provided token has expired.")

    static let signatureTooOld = StoreRefusal(status: 403, code: "AccessDenied", message: "Request has expired")
}
