// SPDX-License-Identifier: Apache-2.0

internal import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A URL that lets its holder `PUT` one object, and the header fields that the request must have.
public struct PresignedPut: Sendable, Hashable {
    /// The URL with the signature in its query.
    public let url: String
    /// The fields to send exactly so, in any order. The client itself adds `Host` and `Content-Length`, which are signed too.
    public let headers: [HeaderField]

    package init(url: String, headers: [HeaderField]) {
        self.url = url
        self.headers = headers
    }
}

/// A presigned URL is a permission: it lets its reader upload. Printing one shows only the names of its header fields.
extension PresignedPut: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the header fields, in order.
    public var description: String { "PresignedPut(\(headers.map(\.name).joined(separator: ", ")))" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension PolicySigner {
    /// Signs an upload by `PUT` in the query of its URL ("Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"
    /// in the S3 API reference). The payload itself is not signed.
    /// - Parameters:
    ///   - upload: what may be uploaded.
    ///   - credentials: the access key to sign with; its session token becomes a part of the query.
    ///   - date: the current date.
    /// - Throws: ``PolicyError`` if credentials or dates cannot be used, or if the header fields are larger than
    ///   ``PutUpload/maximumHeaderBytes``.
    public func presign(
        _ upload: PutUpload, credentials: SigningCredentials, at date: Date
    ) throws(PolicyError) -> PresignedPut {
        guard let now = CivilTime(date), let end = CivilTime(upload.expiration) else { throw .dateInvalid }
        let seconds = end.seconds(since: now)
        guard seconds > 0 else { throw .alreadyExpired }
        guard seconds <= Int(Self.maximumLifetime) else { throw .expirationTooFar }
        guard credentials.sessionToken?.isVisibleASCII ?? true else { throw .credentialsInvalid }
        if let end = credentials.expiration, end <= date { throw .credentialsExpired }
        let region = upload.store.region
        let key = try key(.v4, credentials, region: region, at: now)

        var headers = upload.headers
        headers.append(HeaderField(name: "host", value: upload.store.hostField))
        headers.append(HeaderField(name: "content-length", value: String(upload.contentLength)))
        let bytes = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard bytes <= PutUpload.maximumHeaderBytes else {
            throw .formTooLarge(bytes: bytes, maximum: PutUpload.maximumHeaderBytes, sessionTokenBytes: 0)
        }
        let request = CanonicalRequest(method: "PUT", headers: headers)
        // In the order of the names' bytes, as they are signed.
        var query = "X-Amz-Algorithm=\(Self.algorithm)"
        func add(_ name: String, _ value: String) { query += "&\(name)=\(PercentEncoding.component.encode(value))" }
        add("X-Amz-Credential", key.credential)
        add("X-Amz-Date", now.iso8601Basic)
        add("X-Amz-Expires", String(seconds))
        if let token = credentials.sessionToken { add("X-Amz-Security-Token", token) }
        add("X-Amz-SignedHeaders", request.signedHeaders)

        let url = upload.store.url + PercentEncoding.path.encode(upload.key)
        let text = request.text(path: CanonicalRequest.path(ofURL: url), query: query)
        let signature = try Self.signature(of: text, key, date: now.iso8601Basic)
        return PresignedPut(url: "\(url)?\(query)&X-Amz-Signature=\(signature)", headers: upload.headers)
    }

    /// Returns the signature of a canonical request.
    /// - Parameter date: `X-Amz-Date`
    static func signature(of canonicalRequest: String, _ key: SigningKey, date: String) throws(PolicyError) -> String {
        let scope = key.credential.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst()
        let text = RequestSignature.stringToSign(canonicalRequest, scope: Substring(scope), date: date)
        guard let code = text.withUTF8Span(key.authenticate) else { throw .signingFailed }
        return code.hexadecimal
    }
}

extension StoreEndpoint {
    /// ``host`` as clients send it in `Host`: without the scheme's default port.
    fileprivate var hostField: String {
        let (host, port) = (host, url.hasPrefixIgnoringASCIICase("https:") ? ":443" : ":80")
        return host.hasSuffix(port) ? String(host.dropLast(port.count)) : host
    }
}
