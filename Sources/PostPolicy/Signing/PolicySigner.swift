// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Signs upload policies. One signer can serve a whole process and any number of concurrent tasks.
///
/// It caches the derived keys, a few hundred bytes each, and has no clock: the date is a parameter.
public final class PolicySigner: Sendable {
    /// The longest time between signing and the policy's end with Signature Version 4, in seconds. S3 refuses signing keys that
    /// are older than seven days (S3, condition key `s3:signatureAge`).
    public static let maximumLifetime: TimeInterval = 7 * 86_400

    private let keys: SigningKeyCache

    /// Creates a signer.
    /// - Parameter keyCacheCapacity: how many signing keys are kept: one for each access key, day and region in use.
    public init(keyCacheCapacity: Int = 64) {
        keys = SigningKeyCache(capacity: keyCacheCapacity)
    }

    /// Turns a policy into the signed form that an uploader sends.
    ///
    /// The policy document is encoded once, and exactly those bytes are signed. Every field except `Policy`, the signature and
    /// SigV2's `AWSAccessKeyId` has one condition with the same spelling and the same value.
    /// - Parameters:
    ///   - policy: what may be uploaded.
    ///   - version: how to sign.
    ///   - credentials: the access key to sign with; its session token becomes a field.
    ///   - region: the bucket's region, which is part of the signature's scope. SigV2 does not use it.
    ///   - date: the current date.
    /// - Returns: the fields in the order to send them. With v4: `key`, `bucket`, the policy's further fields,
    ///   `X-Amz-Algorithm`, `X-Amz-Credential`, `X-Amz-Date`, `X-Amz-Security-Token` if there is one, `Policy`,
    ///   `X-Amz-Signature`. With v2: `key`, `AWSAccessKeyId`, `bucket`, the further fields, `x-amz-security-token` if
    ///   there is one, `policy`, `signature`.
    /// - Throws: ``PolicyError`` if credentials, region or dates cannot be used, or if the form would be larger than
    ///   ``SignedForm/maximumBytes``.
    public func sign(
        _ policy: UploadPolicy, version: SignatureVersion = .v4, credentials: SigningCredentials, region: String, at date: Date
    ) throws(PolicyError) -> SignedForm {
        let form = try signAnySize(policy, version, credentials, region: region, at: date)
        let bytes = form.formBytes
        guard bytes <= SignedForm.maximumBytes else {
            var sessionTokenBytes = 0
            if credentials.sessionToken != nil {
                let withoutToken = SigningCredentials(
                    accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey)
                sessionTokenBytes =
                    bytes - (try signAnySize(policy, version, withoutToken, region: region, at: date).formBytes)
            }
            throw .formTooLarge(bytes: bytes, maximum: SignedForm.maximumBytes, sessionTokenBytes: sessionTokenBytes)
        }
        return form
    }

    static let algorithm = "AWS4-HMAC-SHA256"
}

extension PolicySigner {
    /// Returns the signature of an encoded policy. ``PolicyEvaluator`` compares it with the one of a form.
    /// - Parameter encoded: the base64 text exactly as it is in the form.
    package func signature(
        ofPolicy encoded: String, version: SignatureVersion, credentials: SigningCredentials, region: String, at date: Date
    ) throws(PolicyError) -> String {
        guard let time = CivilTime(date) else { throw .dateInvalid }
        return try Self.signature(of: encoded, version, try key(version, credentials, region: region, at: time))
    }

    /// Signs a policy without checking the size of the form.
    private func signAnySize(
        _ policy: UploadPolicy, _ version: SignatureVersion, _ credentials: SigningCredentials, region: String, at date: Date
    ) throws(PolicyError) -> SignedForm {
        guard let now = CivilTime(date), let end = CivilTime(policy.expiration) else { throw .dateInvalid }
        guard policy.expiration > date else { throw .alreadyExpired }
        guard version == .v2 || policy.expiration.timeIntervalSince(date) <= Self.maximumLifetime else {
            throw .expirationTooFar
        }
        guard credentials.sessionToken?.isVisibleASCII ?? true else { throw .credentialsInvalid }
        if let end = credentials.expiration, end <= date { throw .credentialsExpired }
        let key = try key(version, credentials, region: region, at: now)

        var form = FormWriter(expiration: end.rfc3339, fieldCount: policy.fields.count + 6)
        for field in policy.fields { form.add(field) }
        Self.addSignersFields(version, credential: key.credential, token: credentials.sessionToken, at: now, to: &form)
        let (fields, json) = form.finish(contentLength: policy.contentLength)

        let encoded = Base64.encode(json.span)
        let signature = try Self.signature(of: encoded, version, key)
        return SignedForm(
            fields: Self.closed(fields, version, accessKeyID: credentials.accessKeyID, policy: encoded, signature: signature),
            policyJSON: json
        )
    }

    private static func signature(
        of encoded: String, _ version: SignatureVersion, _ key: SigningKey
    ) throws(PolicyError) -> String {
        guard let code = encoded.withUTF8Span(key.authenticate) else { throw .signingFailed }
        return version == .v4 ? code.hexadecimal : code.base64
    }

    /// Refuses credentials and regions that would not arrive as they were signed.
    private static func check(_ credentials: SigningCredentials, region: String) throws(PolicyError) {
        // A slash would shift the parts of the credential scope; bytes other than visible ASCII would need encoding.
        guard !credentials.accessKeyID.isEmpty, !credentials.secretAccessKey.isEmpty,
            credentials.accessKeyID.allBytes({ $0.isVisibleASCII && $0 != UInt8(ascii: "/") })
        else { throw .credentialsInvalid }
        guard RegionName.isPossible(region) else { throw .regionInvalid(region) }
    }

    /// Adds the fields that say how the form is signed. Each has a condition, like those of the policy.
    private static func addSignersFields(
        _ version: SignatureVersion, credential: String, token: String?, at time: CivilTime, to form: inout FormWriter
    ) {
        if version == .v4 {
            form.add(FormField(name: "X-Amz-Algorithm", value: algorithm))
            form.add(FormField(name: "X-Amz-Credential", value: credential))
            form.add(FormField(name: "X-Amz-Date", value: time.iso8601Basic))
        }
        if let token {
            form.add(FormField(name: version == .v4 ? "X-Amz-Security-Token" : "x-amz-security-token", value: token))
        }
    }

    /// Returns the fields, completed with those that have no condition: a policy cannot contain itself or its signature.
    private static func closed(
        _ fields: consuming [FormField], _ version: SignatureVersion, accessKeyID: String, policy: String, signature: String
    ) -> [FormField] {
        switch version {
        case .v4:
            fields.append(FormField(name: "Policy", value: policy))
            fields.append(FormField(name: "X-Amz-Signature", value: signature))
        case .v2:
            fields.insert(FormField(name: "AWSAccessKeyId", value: accessKeyID), at: 1)
            fields.append(FormField(name: "policy", value: policy))
            fields.append(FormField(name: "signature", value: signature))
        }
        return fields
    }

    func key(
        _ version: SignatureVersion, _ credentials: SigningCredentials, region: String, at time: CivilTime
    ) throws(PolicyError) -> SigningKey {
        let scope: SigningKeyCache.Scope = version == .v4 ? .v4(dayNumber: time.dayNumber, region: region) : .v2
        let identity = SigningKeyCache.Identity(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey, scope: scope)
        // A SigV2 key does not depend on the region, so a cached key says nothing about the region.
        if version == .v2 { try Self.check(credentials, region: region) }
        let key = try keys.key(identity) { () throws(PolicyError) in
            // For a cached key, this was checked when it was derived.
            try Self.check(credentials, region: region)
            return switch version {
            case .v4: SigningKey.v4(credentials, day: time.yyyymmdd, region: region)
            case .v2: SigningKey.v2(credentials)
            }
        }
        guard let key else { throw .signingFailed }
        return key
    }
}

/// Writes a form and its policy document at once: each field is added to both in the same step, so neither can contain a field
/// that the other lacks.
struct FormWriter: ~Copyable {
    private var fields: [FormField] = []
    private var json: JSONWriter

    /// Begins a form and its document.
    /// - Parameters:
    ///   - expiration: when the policy ends, in ISO 8601.
    ///   - fieldCount: how many fields to reserve room for.
    init(expiration: String, fieldCount: Int) {
        fields.reserveCapacity(fieldCount)
        // Enough for most documents.
        json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.member("expiration", expiration)
        json.key("conditions")
        json.beginArray()
    }

    /// Adds a field and the condition that it has exactly this value.
    mutating func add(_ field: FormField) {
        json.beginObject()
        json.member(field.name, field.value)
        json.endObject()
        fields.append(field)
    }

    /// Adds the condition on the file's size, and returns the fields in their order and the document.
    consuming func finish(contentLength: ClosedRange<Int>) -> (fields: [FormField], json: [UInt8]) {
        json.beginArray()
        json.string("content-length-range")
        json.int(contentLength.lowerBound)
        json.int(contentLength.upperBound)
        json.endArray()
        json.endArray()
        json.endObject()
        return (fields, json.finish())
    }
}
