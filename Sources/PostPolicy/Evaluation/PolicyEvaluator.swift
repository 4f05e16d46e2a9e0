// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Evaluates a received form as S3 does before it stores the file: required fields, signature, policy and size.
///
/// A store's POST handler parses the `multipart/form-data` and passes the fields to ``evaluate(form:filename:fileSize:bucket:at:credentials:)``.
public struct PolicyEvaluator: Sendable {
    let region: String
    private let versions: Set<SignatureVersion>
    let signer = PolicySigner()

    /// Creates the evaluator of a store.
    /// - Parameters:
    ///   - region: the store's region, which credentials must name.
    ///   - versions: the signature versions that the store accepts.
    public init(region: String, versions: Set<SignatureVersion> = [.v4, .v2]) {
        self.region = region
        self.versions = versions
    }

    /// Evaluates a form.
    /// - Parameters:
    ///   - form: the fields before the file, in order, as they were received. S3 ignores fields after the file.
    ///   - filename: the file part's `filename` parameter, which replaces `${filename}` in every field; nil if there is none.
    ///   - fileSize: the size of the file in bytes; nil if it is not known yet, so that it is not checked.
    ///   - bucket: the bucket of the request's URL.
    ///   - date: the current date.
    ///   - credentials: returns the credentials for an access key id, or nil if there are none.
    /// - Returns: the error with which S3 would respond, or nil if the upload is accepted.
    public func evaluate(
        form: [FormField], filename: String?, fileSize: Int?, bucket: String, at date: Date,
        credentials: (_ accessKeyID: String) -> SigningCredentials?
    ) -> StoreError? {
        let form = ReceivedForm(form, filename: filename)
        do throws(StoreError) {
            try checkKey(form)
            // The signature is verified before the policy is parsed: nothing unsigned is read.
            let signature = try FormSignature(form, region: region)
            try verify(signature, at: date, credentials)
            return try PolicyDocument(base64: signature.policy).evaluate(form, fileSize: fileSize, bucket: bucket, at: date)
        } catch {
            return error
        }
    }
}

extension PolicyEvaluator {
    private func checkKey(_ form: ReceivedForm) throws(StoreError) {
        guard let key = form["key"], !key.isEmpty else { throw .missingField("key") }
        guard key.utf8.count <= UploadPolicy.maximumKeyBytes else { throw .keyTooLong(bytes: key.utf8.count) }
    }

    private func verify(
        _ signature: FormSignature, at date: Date, _ credentials: (String) -> SigningCredentials?
    ) throws(StoreError) {
        guard versions.contains(signature.version) else { throw .mechanismNotSupported }
        guard let credentials = credentials(signature.accessKeyID) else { throw .unknownAccessKey(signature.accessKeyID) }
        try Self.verifyToken(signature.sessionToken, credentials, accessKeyID: signature.accessKeyID)
        let expected: String
        do throws(PolicyError) {
            expected = try signer.signature(
                ofPolicy: signature.policy, version: signature.version, credentials: credentials, region: region,
                at: signature.date ?? date
            )
        } catch {
            throw .signatureMismatch(accessKeyID: signature.accessKeyID)
        }
        guard Self.isSame(signature.signature, expected) else { throw .signatureMismatch(accessKeyID: signature.accessKeyID) }
        if let end = credentials.expiration, end <= date { throw .expiredToken }
        // "The signing key is valid for up to seven days" (S3, condition key s3:signatureAge).
        if let signed = signature.date, date.timeIntervalSince(signed) > PolicySigner.maximumLifetime { throw .signatureTooOld }
    }

    /// Checks the session token: temporary access keys are unknown without their token, and others have none.
    static func verifyToken(
        _ token: String?, _ credentials: SigningCredentials, accessKeyID: String
    ) throws(StoreError) {
        switch (token, credentials.sessionToken) {
        case (nil, nil): break
        case (nil, _?): throw .unknownAccessKey(accessKeyID)
        case (let received?, let expected?): guard isSame(received, expected) else { throw .invalidToken }
        case (_?, nil): throw .invalidToken
        }
    }

    /// Compares in constant time.
    static func isSame(_ received: String, _ expected: String) -> Bool {
        let (received, expected) = (Array(received.utf8), Array(expected.utf8))
        return received.count == expected.count && CRYPTO_memcmp(received, expected, expected.count) == 0
    }
}
