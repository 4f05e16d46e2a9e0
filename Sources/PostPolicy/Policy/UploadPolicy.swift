// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What one upload may be: the ONE list from which both the policy's conditions and the form's fields are made.
///
/// Each field stands once, with an exact value. The signer turns the list into a policy document and a form; there is no
/// second list that could say something else.
public struct UploadPolicy: Sendable {
    /// The largest file that one POST can carry: 5 GiB.
    public static let maximumFileBytes = 5 * 1024 * 1024 * 1024
    /// The longest key, in bytes of UTF-8.
    public static let maximumKeyBytes = 1024

    /// The bucket that is written to.
    public let bucket: String
    /// The whole key of the object that is written.
    public let key: String
    /// How many bytes the file may have.
    public let contentLength: ClosedRange<Int>
    /// When the store stops taking the form. A fraction of a second is cut off.
    public let expiration: Date
    /// The fields in the order of the form, `key` and `bucket` first. The signer's own come later and are not among them.
    public private(set) var fields: [FormField]

    /// Begins a policy for one object.
    /// - Parameters:
    ///   - bucket: a name by S3's rules for buckets.
    ///   - key: the whole key, at most 1024 bytes of UTF-8, without controls and without `${`.
    ///   - contentLength: how many bytes the file may have, within 0 to 5 GiB.
    ///   - expiration: when the form stops being accepted.
    /// - Throws: ``PolicyError`` for what S3 would refuse or understand otherwise than it was meant.
    public init(bucket: String, key: String, contentLength: ClosedRange<Int>, expiration: Date) throws(PolicyError) {
        do throws(EndpointError) {
            try BucketName.check(bucket)
        } catch {
            throw .bucketInvalid(error)
        }
        try self.init(checkedBucket: bucket, key: key, contentLength: contentLength, expiration: expiration)
    }

    /// Begins a policy for one object of a store, whose bucket was checked when its endpoint was made.
    /// - Throws: what the other initialiser throws for everything but the bucket.
    package init(
        store: StoreEndpoint, key: String, contentLength: ClosedRange<Int>, expiration: Date
    ) throws(PolicyError) {
        try self.init(checkedBucket: store.bucket, key: key, contentLength: contentLength, expiration: expiration)
    }

    private init(
        checkedBucket bucket: String, key: String, contentLength: ClosedRange<Int>, expiration: Date
    ) throws(PolicyError) {
        guard !key.isEmpty else { throw .keyEmpty }
        guard key.utf8.count <= Self.maximumKeyBytes else { throw .keyTooLong(bytes: key.utf8.count) }
        try FieldValue.check(key, of: "key")
        guard contentLength.lowerBound >= 0, contentLength.upperBound <= Self.maximumFileBytes else {
            throw .sizesInvalid(contentLength)
        }
        guard CivilTime(expiration) != nil else { throw .dateInvalid }
        self.bucket = bucket
        self.key = key
        self.contentLength = contentLength
        self.expiration = expiration
        fields = []
        // Most policies have fewer: the array grows once, here.
        fields.reserveCapacity(10)
        fields.append(FormField(name: "key", value: key))
        fields.append(FormField(name: "bucket", value: bucket))
    }

    /// Adds a field with the one value it may have, for example `Content-Type` or `x-amz-meta-album`.
    /// - Parameters:
    ///   - name: the field's name in the spelling to send; a letter followed by letters, digits, `-`, `_` or `.`.
    ///   - value: the exact value, without controls and without `${`.
    /// - Throws: ``PolicyError`` where the name is malformed, reserved or there already, or the value would not arrive as
    ///   it was signed.
    public mutating func add(_ name: String, _ value: String) throws(PolicyError) {
        try FieldName.check(name)
        for field in fields where field.name.equalsIgnoringASCIICase(name) { throw .fieldDuplicate(name) }
        try FieldValue.check(value, of: name)
        fields.append(FormField(name: name, value: value))
    }
}
