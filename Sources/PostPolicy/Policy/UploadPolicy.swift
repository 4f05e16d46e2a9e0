// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The requirements for one upload, as one list from which both the policy's conditions and the form's fields are derived.
///
/// Each field occurs once and has an exact value. ``PolicySigner`` turns the list into a policy document and a form.
public struct UploadPolicy: Sendable {
    /// The largest file of one POST, in bytes: 5 GiB ("POST Object" in the S3 API reference).
    public static let maximumFileBytes = 5 * 1024 * 1024 * 1024
    /// The longest key, in bytes of UTF-8 ("Creating object key names" in the S3 User Guide).
    public static let maximumKeyBytes = 1024

    /// The bucket that is written to.
    public let bucket: String
    /// The whole key of the object that is written.
    public let key: String
    /// How many bytes the file may have.
    public let contentLength: ClosedRange<Int>
    /// When the store stops accepting the form. Fractions of a second are discarded.
    public let expiration: Date
    /// The fields in the order of the form: `key`, `bucket`, and those that were added. The signer's own are not among them.
    public private(set) var fields: [FormField]

    /// Creates a policy for one object.
    /// - Parameters:
    ///   - bucket: a name by S3's rules for general purpose buckets: 3 to 63 characters.
    ///   - key: the whole key: 1 to 1024 bytes of UTF-8, without controls and without `${`.
    ///   - contentLength: how many bytes the file may have, within 0 bytes to 5 GiB.
    ///   - expiration: when the form stops being accepted; in the years 0 to 9999.
    /// - Throws: ``PolicyError`` if S3 would refuse the policy or understand it differently.
    public init(bucket: String, key: String, contentLength: ClosedRange<Int>, expiration: Date) throws(PolicyError) {
        do throws(EndpointError) {
            try BucketName.check(bucket)
        } catch {
            throw .bucketInvalid(error)
        }
        try self.init(
            checkedBucket: bucket, key: try ObjectKey(key), contentLength: contentLength, expiration: expiration)
    }

    /// Creates a policy for one object of a store. The bucket was checked when the endpoint was created.
    /// - Throws: `PolicyError` if the sizes or the expiration are not possible.
    package init(
        store: StoreEndpoint, key: ObjectKey, contentLength: ClosedRange<Int>, expiration: Date
    ) throws(PolicyError) {
        try self.init(checkedBucket: store.bucket, key: key, contentLength: contentLength, expiration: expiration)
    }

    private init(
        checkedBucket bucket: String, key: ObjectKey, contentLength: ClosedRange<Int>, expiration: Date
    ) throws(PolicyError) {
        guard contentLength.lowerBound >= 0, contentLength.upperBound <= Self.maximumFileBytes else {
            throw .sizesInvalid(contentLength)
        }
        guard CivilTime(expiration) != nil else { throw .dateInvalid }
        self.bucket = bucket
        self.key = key.text
        self.contentLength = contentLength
        self.expiration = expiration
        fields = []
        // Enough for most policies: one allocation.
        fields.reserveCapacity(10)
        fields.append(FormField(name: "key", value: key.text))
        fields.append(FormField(name: "bucket", value: bucket))
    }

    /// Adds a field and the one value it may have, for example `Content-Type` or `x-amz-meta-album`.
    /// - Parameters:
    ///   - name: the field's name in the spelling to send: a letter, then letters, digits, `-`, `_` and `.`; at most 128 bytes.
    ///   - value: the exact value, without controls and without `${`.
    /// - Throws: ``PolicyError`` if the name is malformed, reserved, or was added before, or if the value would not arrive as it
    ///   was signed.
    public mutating func add(_ name: String, _ value: String) throws(PolicyError) {
        try FormField.checkName(name)
        for field in fields where field.name.equalsIgnoringASCIICase(name) { throw .fieldDuplicate(name) }
        try FormField.checkValue(value, of: name)
        fields.append(FormField(name: name, value: value))
    }
}

/// The key of an object, in a form that S3 stores exactly as it was signed.
package struct ObjectKey: Sendable {
    /// The whole key: 1 to 1024 bytes of UTF-8 without controls and without `${`.
    package let text: String

    /// - Throws: `PolicyError.keyEmpty`, `.keyTooLong`, or `.fieldValueInvalid` if the key has controls or `${`.
    package init(_ text: String) throws(PolicyError) {
        guard !text.isEmpty else { throw .keyEmpty }
        guard text.utf8.count <= UploadPolicy.maximumKeyBytes else { throw .keyTooLong(bytes: text.utf8.count) }
        try FormField.checkValue(text, of: "key")
        self.text = text
    }
}
