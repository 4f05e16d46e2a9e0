// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import WireFormats

/// The store's other answers, apart from those about policies; S3's messages where S3 has one ("Error responses").
extension StoreRefusal {
    /// What a form reader's error is to S3.
    init(_ error: FormReaderError) {
        self =
            switch error {
            case .malformed: .malformedForm
            case .fieldsTooLong: .fieldsTooLong
            case .fileMissing: .fileMissing
            }
    }

    /// What a request that the connection refuses is to S3.
    /// - Parameter head: nil where the head itself is at fault
    init(_ rejection: Rejection, head: RequestHead?) {
        self =
            switch rejection {
            // Behind a good head only the body can be at fault, and one of a known length only by its end.
            case .malformed where head?.first("content-length") != nil: .incompleteBody
            case .malformed(let problem): StoreRefusal(status: 400, code: "BadRequest", message: problem)
            case .headersTooLarge(let limit), .targetTooLong(let limit):
                StoreRefusal(
                    status: 400,
                    code: "RequestHeaderSectionTooLarge",
                    message: "Your request header section exceeds the maximum allowed size.",
                    details: [Detail(name: "MaxSizeAllowed", value: "\(limit)")]
                )
            case .bodyTooLarge(let limit):
                StoreRefusal(
                    status: 400,
                    code: "EntityTooLarge",
                    message: "Your proposed upload exceeds the maximum allowed size",
                    details: [Detail(name: "MaxSizeAllowed", value: "\(limit)")]
                )
            case .timedOut: .timedOut
            case .tooManyConnections, .outOfMemoryBudget: .slowDown
            }
    }

    static let timedOut = StoreRefusal(
        status: 400,
        code: "RequestTimeout",
        message: "Your socket connection to the server was not read from or written to within the timeout period. "
            + "Idle connections will be closed."
    )

    static let slowDown = StoreRefusal(status: 503, code: "SlowDown", message: "Please reduce your request rate.")

    static let notMultipart = StoreRefusal(
        status: 412,
        code: "PreconditionFailed",
        message: "At least one of the pre-conditions you specified did not hold",
        details: [Detail(name: "Condition", value: "Bucket POST must be of the enclosure-type multipart/form-data")]
    )

    static let malformedForm = StoreRefusal(
        status: 400,
        code: "MalformedPOSTRequest",
        message: "The body of your POST request is not well-formed multipart/form-data."
    )

    static let incompleteBody = StoreRefusal(
        status: 400,
        code: "IncompleteBody",
        message: "You did not provide the number of bytes specified by the Content-Length HTTP header."
    )

    static let fieldsTooLong = StoreRefusal(
        status: 400,
        code: "MaxPostPreDataLengthExceeded",
        message: "Your POST request fields preceding the upload file were too large.",
        details: [Detail(name: "MaxPostPreDataLengthBytes", value: "\(FormReader.preFileLimit)")]
    )

    static let fileMissing = StoreRefusal(
        status: 400,
        code: "InvalidArgument",
        message: "POST requires exactly one file upload per request.",
        details: [Detail(name: "ArgumentName", value: "file"), Detail(name: "ArgumentValue", value: "0")]
    )

    static let badDigest = StoreRefusal(
        status: 400,
        code: "BadDigest",
        message: "The SHA256 you specified did not match the calculated checksum."
    )

    static let malformedChecksum = StoreRefusal(
        status: 400,
        code: "InvalidRequest",
        message: "Value for x-amz-checksum-sha256 header is invalid."
    )

    /// - Parameter name: a form field that this store would have to act on to keep its promise.
    static func notImplemented(_ name: String) -> StoreRefusal {
        StoreRefusal(
            status: 501,
            code: "NotImplemented",
            message: "A header you provided implies functionality that is not implemented",
            details: [Detail(name: "Header", value: name)]
        )
    }

    static func noSuchBucket(_ bucket: String) -> StoreRefusal {
        StoreRefusal(
            status: 404,
            code: "NoSuchBucket",
            message: "The specified bucket does not exist",
            details: [Detail(name: "BucketName", value: bucket)]
        )
    }

    static func noSuchKey(_ key: String) -> StoreRefusal {
        StoreRefusal(
            status: 404,
            code: "NoSuchKey",
            message: "The specified key does not exist.",
            details: [Detail(name: "Key", value: key)]
        )
    }

    static let invalidURI = StoreRefusal(status: 400, code: "InvalidURI", message: "Couldn't parse the specified URI.")

    static let methodNotAllowed = StoreRefusal(
        status: 405,
        code: "MethodNotAllowed",
        message: "The specified method is not allowed against this resource."
    )

    static let internalError = StoreRefusal(
        status: 500,
        code: "InternalError",
        message: "We encountered an internal error. Please try again."
    )

    static let corsForbidden = StoreRefusal(
        status: 403,
        code: "AccessForbidden",
        message: "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
            + "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
            + "by the resource's CORS spec."
    )

    /// Not S3's: this store shows objects by their keys only.
    static let listsNothing = StoreRefusal(status: 403, code: "AccessDenied", message: "This store lists nothing.")

    /// Not S3's: a page can make a name of its own resolve to this machine (DNS rebinding); its requests then carry that name.
    static let notLoopback = StoreRefusal(
        status: 403,
        code: "AccessDenied",
        message: "This store answers to names of this machine only: 127.0.0.1, localhost, [::1]."
    )
}

/// S3's XML answers.
enum StoreXML {
    /// `<Error>` as S3 writes it: code, message, what belongs to the code, the request's id.
    static func error(_ refusal: StoreRefusal, requestID: String) -> String {
        let details = refusal.details.map { ($0.name, $0.value) }
        return document(
            root: "Error",
            [("Code", refusal.code), ("Message", refusal.message)] + details + [("RequestId", requestID)]
        )
    }

    /// The body of a 201 (S3, "POST Object", response elements).
    static func postResponse(location: String, bucket: String, key: String, etag: String) -> String {
        document(root: "PostResponse", [("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)])
    }

    /// - Parameter elements: names are the program's own; values are escaped.
    private static func document(root: String, _ elements: [(name: String, value: String)]) -> String {
        let children = elements.map { "<\($0.name)>\($0.value.xmlEscaped())</\($0.name)>" }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(root)>\(children)</\(root)>"
    }
}
