// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The requirements for one upload by `PUT`, for stores that have no POST form. ``PolicySigner`` turns them into a presigned URL.
///
/// A signature covers exact values only: one size, one value for each header field. It cannot forbid other fields. AWS refuses
/// `x-amz-*` fields that are not signed; not every store does. `Content-Encoding` and the like need not be signed.
public struct PutUpload: Sendable {
    /// The bytes of all header fields of one request ("PUT Object" in the S3 API reference: 8 KB).
    public static let maximumHeaderBytes = 8192

    /// Where the bucket is.
    public let store: StoreEndpoint
    /// The whole key of the object that is written.
    public let key: String
    /// The file's size in bytes.
    public let contentLength: Int
    /// When the store stops accepting the request. Fractions of a second are discarded.
    public let expiration: Date
    /// The header fields that were added, in their order. `Host` and `Content-Length` are not among them.
    public private(set) var headers: [HeaderField] = []

    /// Creates the requirements for one object.
    /// - Parameters:
    ///   - store: where the bucket is.
    ///   - key: the whole key: 1 to 1024 bytes of UTF-8, without controls and without `${`.
    ///   - contentLength: the file's exact size, 0 bytes to 5 GiB.
    ///   - expiration: when the URL stops being accepted; in the years 0 to 9999.
    /// - Throws: ``PolicyError`` if S3 would refuse the request.
    public init(store: StoreEndpoint, key: String, contentLength: Int, expiration: Date) throws(PolicyError) {
        try self.init(store: store, key: try ObjectKey(key), contentLength: contentLength, expiration: expiration)
    }

    package init(store: StoreEndpoint, key: ObjectKey, contentLength: Int, expiration: Date) throws(PolicyError) {
        guard (0...UploadPolicy.maximumFileBytes).contains(contentLength) else {
            throw .sizesInvalid(contentLength...contentLength)
        }
        guard CivilTime(expiration) != nil else { throw .dateInvalid }
        self.store = store
        self.key = key.text
        self.contentLength = contentLength
        self.expiration = expiration
        headers.reserveCapacity(8)
    }

    /// Adds a header field and the one value it may have, for example `Content-Type` or `x-amz-meta-album`.
    ///
    /// Metadata beyond ASCII becomes encoded words (RFC 2047), which S3 decodes.
    /// - Parameters:
    ///   - name: the field's name: a letter, then letters, digits, `-`, `_` and `.`; at most 128 bytes.
    ///   - value: the exact value, without controls. For fields other than metadata: visible ASCII and single spaces inside.
    /// - Throws: ``PolicyError`` if the name is malformed, reserved, or was added before, or if the value would not arrive as it
    ///   was signed.
    public mutating func add(_ name: String, _ value: String) throws(PolicyError) {
        try FormField.checkName(name)
        guard !Self.reservedNames.contains(where: { $0.equalsIgnoringASCIICase(name) }) else { throw .fieldReserved(name) }
        for header in headers where header.name.equalsIgnoringASCIICase(name) { throw .fieldDuplicate(name) }
        try FormField.checkValue(value, of: name)
        if name.hasPrefixIgnoringASCIICase("x-amz-meta-") {
            headers.append(HeaderField(name: name, value: EncodedWord.encodeIfNeeded(value)))
        } else {
            guard EncodedWord.isFieldValue(value) else { throw .fieldValueInvalid(name: name, .header) }
            headers.append(HeaderField(name: name, value: value))
        }
    }

    /// Fields that the client or the connection sets, or that are not signed as they are sent.
    private static let reservedNames = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer", "upgrade", "authorization",
        "date", "x-amz-content-sha256", "x-amz-decoded-content-length", "user-agent",
    ]
}

/// A header field of a request, as it is sent.
public struct HeaderField: Sendable, Hashable {
    /// The field's name.
    public let name: String
    /// The field's value: visible ASCII and spaces inside.
    public let value: String

    /// Creates a field without checking it.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
