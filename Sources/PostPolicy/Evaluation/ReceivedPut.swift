// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A presigned `PUT` as a store receives it.
public struct ReceivedPut: Sendable {
    /// The request's method, such as `PUT`.
    public let method: String
    /// The path and the query, as they are in the request line.
    public let target: String
    /// All header fields with `Host` and `Content-Length`, as they were received.
    public let headers: [HeaderField]

    /// Creates a request from its parts.
    public init(method: String, target: String, headers: [HeaderField]) {
        self.method = method
        self.target = target
        self.headers = headers
    }

    /// The request that a client sends with a presigned URL and a file of this size.
    package init(_ put: PresignedPut, size: Int) {
        let parts = put.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let url = try? HTTPURL(put.url)
        self.init(
            method: "PUT",
            target: "/" + (parts.count > 3 ? parts[3] : ""),
            headers: put.headers + [
                HeaderField(name: "Host", value: url?.hostField ?? ""), HeaderField(name: "Content-Length", value: String(size)),
            ]
        )
    }

    /// The value of a field, by its name in upper or lower case; nil if there is none or the fields are repeated.
    public subscript(name: String) -> String? {
        let values = headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
        return values.count == 1 ? values[0] : nil
    }

    var path: Substring { target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)] }

    /// The parameters of the query, as they are in the request: name, value, and both with the `=`.
    var parameters: [(name: String, value: String, text: String)] {
        guard let start = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return target.utf8[target.utf8.index(after: start)...].split(separator: UInt8(ascii: "&")).map { part in
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            let value = part[name.endIndex...].dropFirst()
            return (String(Substring(name)), String(Substring(value)), String(Substring(part)))
        }
    }
}

extension PolicyEvaluator {
    /// Evaluates a presigned `PUT`, except the file itself.
    /// - Parameters:
    ///   - request: the request's head.
    ///   - allowsUnsigned: whether `x-amz-*` fields that are not signed are accepted, as some stores do and AWS does not.
    ///   - date: the current date.
    ///   - credentials: returns the credentials for an access key id, or nil if there are none.
    /// - Returns: the error with which S3 would respond, or nil if the upload is accepted.
    public func evaluate(
        put request: ReceivedPut, allowsUnsigned: Bool = false, at date: Date,
        credentials: (_ accessKeyID: String) -> SigningCredentials?
    ) -> StoreError? {
        do throws(StoreError) {
            let signature = try QuerySignature(request, region: region)
            guard signature.date <= date else { throw .notValidYet }
            guard date < signature.date.addingTimeInterval(Double(signature.seconds)) else { throw .requestExpired }
            guard let credentials = credentials(signature.accessKeyID) else { throw .unknownAccessKey(signature.accessKeyID) }
            try Self.verifyToken(signature.sessionToken, credentials, accessKeyID: signature.accessKeyID)
            try verify(signature, of: request, credentials)
            if let end = credentials.expiration, end <= date { throw .expiredToken }
            let unsigned = request.headers.map(\.name.asciiLowercased).filter { name in
                name.utf8.starts(with: "x-amz-".utf8) && !signature.signedHeaders.contains(name)
            }
            guard allowsUnsigned || unsigned.isEmpty else { throw .headersNotSigned(unsigned) }
            guard request["content-length"] != nil else { throw .lengthMissing }
            return nil
        } catch {
            return error
        }
    }

    private func verify(
        _ signature: QuerySignature, of request: ReceivedPut, _ credentials: SigningCredentials
    ) throws(StoreError) {
        let mismatch = StoreError.signatureMismatch(accessKeyID: signature.accessKeyID)
        var headers: [HeaderField] = []
        for name in signature.signedHeaders {
            guard let value = request[name] else { throw mismatch }
            headers.append(HeaderField(name: name, value: value))
        }
        let text = CanonicalRequest(method: request.method, headers: headers).text(
            path: request.path, query: signature.signedQuery)
        let expected: String
        do throws(PolicyError) {
            guard let time = CivilTime(signature.date) else { throw .dateInvalid }
            let key = try signer.key(.v4, credentials, region: region, at: time)
            expected = try PolicySigner.signature(of: text, key, date: time.iso8601Basic)
        } catch {
            throw mismatch
        }
        guard Self.isSame(signature.signature, expected) else { throw mismatch }
    }
}

/// The signature in the query of a request and its parameters.
private struct QuerySignature {
    let accessKeyID: String
    let date: Date
    /// How long the request is valid, in seconds.
    let seconds: Int
    /// The names of the signed fields, in lower case.
    let signedHeaders: [String]
    let sessionToken: String?
    let signature: String
    /// The parameters that are signed, sorted, as they are in the request.
    let signedQuery: String

    init(_ request: ReceivedPut, region: String) throws(StoreError) {
        let parameters = request.parameters
        func value(_ name: String) -> String? {
            let found = parameters.filter { $0.name == name }
            return found.count == 1 ? PercentEncoding.component.decodeUTF8(found[0].value.utf8) : nil
        }
        guard parameters.contains(where: { $0.name.utf8.starts(with: "X-Amz-".utf8) }) else { throw .anonymous }
        guard
            let algorithm = value("X-Amz-Algorithm"), let credential = value(CredentialScope.field),
            let dateText = value("X-Amz-Date"), let secondsText = value("X-Amz-Expires"),
            let names = value("X-Amz-SignedHeaders"), let signature = value("X-Amz-Signature")
        else { throw .queryParametersMissing }
        guard algorithm.hasSameBytes(as: PolicySigner.algorithm) else {
            throw .queryParameters("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
        }
        let scope = try CredentialScope(credential, region: region)
        guard let date = Date(iso8601Basic: dateText), dateText.utf8.starts(with: scope.day.utf8) else {
            throw .queryParameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        guard secondsText.utf8.allSatisfy(\.isASCIIDigit), let seconds = Int(secondsText) else {
            throw .queryParameters("X-Amz-Expires should be a number")
        }
        guard (1...Int(PolicySigner.maximumLifetime)).contains(seconds) else {
            throw .queryParameters(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
            )
        }
        accessKeyID = scope.accessKeyID
        self.date = date
        self.seconds = seconds
        signedHeaders = names.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard signedHeaders.contains("host") else { throw .queryParameters("X-Amz-SignedHeaders must contain host") }
        sessionToken = value("X-Amz-Security-Token")
        self.signature = signature
        signedQuery =
            parameters.filter { $0.name != "X-Amz-Signature" }
            .map { $0.text.utf8.contains(UInt8(ascii: "=")) ? $0.text : $0.text + "=" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .joined(separator: "&")
    }
}

/// Responses to presigned requests. The messages are S3's, as clients have recorded them.
extension StoreError {
    fileprivate static func queryParameters(_ message: String) -> StoreError {
        StoreError(status: 400, code: "AuthorizationQueryParametersError", message: message)
    }

    fileprivate static let queryParametersMissing = queryParameters(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
            + "X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )

    fileprivate static let requestExpired = StoreError(status: 403, code: "AccessDenied", message: "Request has expired")

    fileprivate static let notValidYet = StoreError(status: 403, code: "AccessDenied", message: "Request is not valid yet")

    fileprivate static func headersNotSigned(_ names: [String]) -> StoreError {
        StoreError(
            status: 403, code: "AccessDenied", message: "There were headers present in the request which were not signed",
            details: [.init(name: "HeadersNotSigned", value: names.joined(separator: ", "))]
        )
    }

    fileprivate static let lengthMissing = StoreError(
        status: 411, code: "MissingContentLength", message: "You must provide the Content-Length HTTP header."
    )
}
