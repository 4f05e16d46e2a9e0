// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import WireFormats

/// The errors that are not about policies, with S3's messages where S3 has one ("Error responses").
extension StoreError {
    /// Creates S3's error for a form that cannot be read.
    init(_ error: FormReaderError) {
        self =
            switch error {
            case .malformed: .malformedForm
            case .fieldsTooLong: .fieldsTooLong
            case .fileMissing: .fileMissing
            }
    }

    /// Creates S3's error for a request that the connection rejects.
    /// - Parameter head: nil if the head itself is the cause.
    init(_ rejection: Rejection, head: RequestHead?) {
        self =
            switch rejection {
            // After a valid head, only the body can be malformed; with a known length, only by ending early.
            case .malformed where head?.first("content-length") != nil: .incompleteBody
            case .malformed(let problem): StoreError(status: 400, code: "BadRequest", message: problem)
            case .headersTooLarge(let limit), .targetTooLong(let limit):
                StoreError(
                    status: 400,
                    code: "RequestHeaderSectionTooLarge",
                    message: "Your request header section exceeds the maximum allowed size.",
                    details: [Detail(name: "MaxSizeAllowed", value: "\(limit)")]
                )
            case .bodyTooLarge(let limit):
                StoreError(
                    status: 400,
                    code: "EntityTooLarge",
                    message: "Your proposed upload exceeds the maximum allowed size",
                    details: [Detail(name: "MaxSizeAllowed", value: "\(limit)")]
                )
            case .timedOut: .timedOut
            case .tooManyConnections, .outOfMemoryBudget: .slowDown
            }
    }

    static let timedOut = StoreError(
        status: 400,
        code: "RequestTimeout",
        message: "Your socket connection to the server was not read from or written to within the timeout period. "
            + "Idle connections will be closed."
    )

    static let slowDown = StoreError(status: 503, code: "SlowDown", message: "Please reduce your request rate.")

    /// The value of the field is a token, and is not repeated as S3 does.
    static let severalMechanisms = StoreError(
        status: 400,
        code: "InvalidArgument",
        message: "Only one auth mechanism allowed: the form is signed, so send no Authorization header.",
        details: [Detail(name: "ArgumentName", value: "Authorization")]
    )

    static let lengthMissing = StoreError(
        status: 411,
        code: "MissingContentLength",
        message: "You must provide the Content-Length HTTP header."
    )

    static let notMultipart = StoreError(
        status: 412,
        code: "PreconditionFailed",
        message: "At least one of the pre-conditions you specified did not hold",
        details: [Detail(name: "Condition", value: "Bucket POST must be of the enclosure-type multipart/form-data")]
    )

    static let preconditionFailed = StoreError(
        status: 412,
        code: "PreconditionFailed",
        message: "At least one of the pre-conditions you specified did not hold",
        details: [Detail(name: "Condition", value: "If-None-Match")]
    )

    static let malformedForm = StoreError(
        status: 400,
        code: "MalformedPOSTRequest",
        message: "The body of your POST request is not well-formed multipart/form-data."
    )

    static let incompleteBody = StoreError(
        status: 400,
        code: "IncompleteBody",
        message: "You did not provide the number of bytes specified by the Content-Length HTTP header."
    )

    static let fieldsTooLong = StoreError(
        status: 400,
        code: "MaxPostPreDataLengthExceeded",
        message: "Your POST request fields preceding the upload file were too large.",
        details: [Detail(name: "MaxPostPreDataLengthBytes", value: "\(FormReader.preFileLimit)")]
    )

    static let fileMissing = StoreError(
        status: 400,
        code: "InvalidArgument",
        message: "POST requires exactly one file upload per request: there is no part named file.",
        details: [Detail(name: "ArgumentName", value: "file"), Detail(name: "ArgumentValue", value: "0")]
    )

    static func badDigest(_ checksum: StoreChecksum) -> StoreError {
        StoreError(
            status: 400,
            code: "BadDigest",
            message: checksum == .md5
                ? "The Content-MD5 you specified did not match what we received."
                : "The \(checksum.name) you specified did not match the calculated checksum."
        )
    }

    static func malformedChecksum(_ checksum: StoreChecksum) -> StoreError {
        checksum == .md5
            ? StoreError(status: 400, code: "InvalidDigest", message: "The Content-MD5 you specified was invalid.")
            : StoreError(status: 400, code: "InvalidRequest", message: "Value for \(checksum.field) header is invalid.")
    }

    static let severalChecksums = StoreError(
        status: 400,
        code: "InvalidRequest",
        message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    )

    /// - Parameter name: a form field that this store does not implement and cannot ignore.
    static func notImplemented(_ name: String) -> StoreError {
        StoreError(
            status: 501,
            code: "NotImplemented",
            message: "A header you provided implies functionality that is not implemented",
            details: [Detail(name: "Header", value: name)]
        )
    }

    static func noSuchBucket(_ bucket: String) -> StoreError {
        StoreError(
            status: 404,
            code: "NoSuchBucket",
            message: "The specified bucket does not exist",
            details: [Detail(name: "BucketName", value: bucket)]
        )
    }

    static func noSuchKey(_ key: String) -> StoreError {
        StoreError(
            status: 404,
            code: "NoSuchKey",
            message: "The specified key does not exist.",
            details: [Detail(name: "Key", value: key)]
        )
    }

    static let invalidURI = StoreError(status: 400, code: "InvalidURI", message: "Couldn't parse the specified URI.")

    static let methodNotAllowed = StoreError(
        status: 405,
        code: "MethodNotAllowed",
        message: "The specified method is not allowed against this resource."
    )

    static let internalError = StoreError(
        status: 500,
        code: "InternalError",
        message: "We encountered an internal error. Please try again."
    )

    static let corsForbidden = StoreError(
        status: 403,
        code: "AccessForbidden",
        message: "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
            + "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
            + "by the resource's CORS spec."
    )

    /// Not S3's: this store returns single objects only.
    static let listingNotSupported = StoreError(
        status: 403, code: "AccessDenied", message: "This store does not list buckets or objects.")

    /// Not S3's: a malicious page's domain can resolve to this machine (DNS rebinding). Its requests have that domain as their Host.
    static let notLoopback = StoreError(
        status: 403,
        code: "AccessDenied",
        message: "This store accepts only these hosts: 127.0.0.1, localhost, [::1]."
    )
}

extension StoreError {
    /// Returns S3's `<Error>` document: code, message, details, and the request's id.
    func xml(requestID: String) -> String {
        let elements = [("Code", code), ("Message", message)] + details.map { ($0.name, $0.value) } + [("RequestId", requestID)]
        return storeXML(root: "Error", elements)
    }
}

/// Returns an XML document as S3 writes it. Names are not escaped, values are.
func storeXML(root: String, _ elements: [(name: String, value: String)]) -> String {
    let children = elements.map { "<\($0.name)>\($0.value.xmlEscaped())</\($0.name)>" }.joined()
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(root)>\(children)</\(root)>"
}
