// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Signs upload policies. One signer serves a whole process and any number of tasks at once.
///
/// It keeps the derived keys (a few hundred bytes each) ready to sign, and has no clock of its own: the date is a parameter.
public final class PolicySigner: Sendable {
    private let keys: SigningKeyCache

    /// - Parameter keyCacheCapacity: how many signing keys are kept; one for each access key, day and region in use.
    public init(keyCacheCapacity: Int = 64) {
        keys = SigningKeyCache(capacity: keyCacheCapacity)
    }

    /// Turns a policy into the signed form that an uploader sends.
    ///
    /// The policy document is encoded once, and exactly those bytes are signed. Every field but `Policy` and the signature
    /// (and SigV2's `AWSAccessKeyId`) has one condition with the same spelling and the same value.
    /// - Parameters:
    ///   - policy: what may be uploaded.
    ///   - version: how to sign.
    ///   - credentials: whose signature it is; a session token becomes a field.
    ///   - region: the bucket's region, which stands in the signature's scope. SigV2 does not use it.
    ///   - date: now.
    /// - Returns: the fields in the order to send them. With v4: `key`, `bucket`, the policy's further fields,
    ///   `X-Amz-Algorithm`, `X-Amz-Credential`, `X-Amz-Date`, `X-Amz-Security-Token` where there is one, `Policy`,
    ///   `X-Amz-Signature`. With v2: `key`, `AWSAccessKeyId`, `bucket`, the further fields, `x-amz-security-token` where
    ///   there is one, `policy`, `signature`.
    /// - Throws: ``PolicyError`` where credentials, region or dates cannot be used, or the form would be too large.
    public func sign(
        _ policy: UploadPolicy, version: SignatureVersion = .v4, credentials: SigningCredentials, region: String, at date: Date
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
        let signed = SignedForm(
            fields: Self.closed(fields, version, accessKeyID: credentials.accessKeyID, policy: encoded, signature: signature),
            policyJSON: json
        )
        let bytes = signed.formBytes
        guard bytes <= SignedForm.maximumBytes else { throw .formTooLarge(bytes: bytes, maximum: SignedForm.maximumBytes) }
        return signed
    }

    static let algorithm = "AWS4-HMAC-SHA256"

    /// How long a SigV4 signature can last, in seconds: S3 refuses keys that are older than seven days.
    package static let maximumLifetime = 7 * 86_400.0
}

extension PolicySigner {
    /// The signature of a policy that is encoded already, for those who judge a form and for test vectors.
    /// - Parameter encoded: the base64 text exactly as it stands in the form.
    package func signature(
        ofPolicy encoded: String, version: SignatureVersion, credentials: SigningCredentials, region: String, at date: Date
    ) throws(PolicyError) -> String {
        guard let time = CivilTime(date) else { throw .dateInvalid }
        return try Self.signature(of: encoded, version, try key(version, credentials, region: region, at: time))
    }

    private static func signature(
        of encoded: String, _ version: SignatureVersion, _ key: SigningKey
    ) throws(PolicyError) -> String {
        guard let code = encoded.withUTF8Span(key.authenticate) else { throw .signingFailed }
        return version == .v4 ? code.hexadecimal : code.base64
    }

    /// Refuses what could not arrive as it was signed.
    private static func check(_ credentials: SigningCredentials, region: String) throws(PolicyError) {
        // A slash would shift the parts of the credential scope; anything beyond visible ASCII would need encoding.
        guard !credentials.accessKeyID.isEmpty, !credentials.secretAccessKey.isEmpty,
            credentials.accessKeyID.allBytes({ $0.isVisibleASCII && $0 != UInt8(ascii: "/") })
        else { throw .credentialsInvalid }
        guard RegionName.isPossible(region) else { throw .regionInvalid(region) }
    }

    /// The fields that say who signs; each has its condition, like those of the policy.
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

    /// The fields with those that can have no condition: the policy cannot hold itself or its signature.
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

    private func key(
        _ version: SignatureVersion, _ credentials: SigningCredentials, region: String, at time: CivilTime
    ) throws(PolicyError) -> SigningKey {
        let scope: SigningKeyCache.Scope = version == .v4 ? .v4(dayNumber: time.dayNumber, region: region) : .v2
        let identity = SigningKeyCache.Identity(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey, scope: scope)
        // A key of SigV2 is derived from no region.
        if version == .v2 { try Self.check(credentials, region: region) }
        let key = try keys.key(identity) { () throws(PolicyError) in
            // Of a kept key this was checked when it was derived.
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
