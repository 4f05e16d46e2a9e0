// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The signature of a form and its parameters, read from the form's fields.
struct FormSignature {
    let version: SignatureVersion
    let accessKeyID: String
    /// The policy as it is in the form, which is the text that was signed.
    let policy: String
    let signature: String
    let sessionToken: String?
    /// The date of `X-Amz-Date`; nil with SigV2.
    let date: Date?

    /// Reads a form. It must have all fields of a signature version or none; a form with none is anonymous.
    /// - Parameters:
    ///   - form: the form.
    ///   - region: the region of the store.
    init(_ form: ReceivedForm, region: String) throws(StoreError) {
        func required(_ name: String) throws(StoreError) -> String {
            guard let value = form[name], !value.isEmpty else { throw .missingField(name) }
            return value
        }
        func hasAny(_ names: [String]) -> Bool { names.contains { form[$0] != nil } }

        if hasAny(["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"]) {
            version = .v4
            policy = try required("Policy")
            let algorithm = try required("X-Amz-Algorithm")
            let credential = try required(CredentialScope.field)
            let dateText = try required("X-Amz-Date")
            signature = try required("X-Amz-Signature")
            guard algorithm.hasSameBytes(as: PolicySigner.algorithm) else { throw .mechanismNotSupported }
            let scope = try CredentialScope(credential, region: region)
            guard let date = Date(iso8601Basic: dateText) else {
                // S3's own spelling.
                throw .invalidArgument("X-Amz-Date", dateText, "X-Amz-Date must be formated via ISO8601 Long format")
            }
            guard dateText.utf8.starts(with: scope.day.utf8) else {
                throw .invalidArgument(
                    CredentialScope.field, credential,
                    "Invalid credential date \"\(scope.day)\". This date is not the same as X-Amz-Date: \"\(dateText.prefix(8))\"."
                )
            }
            accessKeyID = scope.accessKeyID
            self.date = date
        } else if hasAny(["AWSAccessKeyId", "Signature"]) {
            version = .v2
            policy = try required("Policy")
            accessKeyID = try required("AWSAccessKeyId")
            signature = try required("Signature")
            date = nil
        } else {
            throw .anonymous
        }
        sessionToken = form["X-Amz-Security-Token"]
    }
}

/// The value of `X-Amz-Credential`: `<access key id>/<yyyymmdd>/<region>/s3/aws4_request`.
struct CredentialScope {
    static let service = "s3"
    static let terminator = "aws4_request"
    static let field = "X-Amz-Credential"

    let accessKeyID: String
    let day: String

    /// Parses a credential and checks its scope.
    /// - Parameters:
    ///   - text: the field's value.
    ///   - region: the region of the store.
    init(_ text: String, region expected: String) throws(StoreError) {
        func refusal(_ message: String) -> StoreError { .invalidArgument(Self.field, text, message) }

        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 5 else {
            throw refusal("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        }
        let (accessKeyID, day, region, service, terminator) = (parts[0], parts[1], parts[2], parts[3], parts[4])
        guard !accessKeyID.isEmpty else { throw refusal("a non-empty Access Key (AKID) must be provided in the credential.") }
        guard day.utf8.count == 8, day.utf8.allSatisfy(\.isASCIIDigit) else {
            throw refusal("incorrect date format \"\(day)\". This date in the credential must be in the format \"yyyyMMdd\".")
        }
        guard region.hasSameBytes(as: expected) else {
            throw .invalidArgument(
                Self.field, text, "the region '\(region)' is wrong; expecting '\(expected)'",
                further: [.init(name: "Region", value: expected)]
            )
        }
        guard service.hasSameBytes(as: Self.service) else {
            throw refusal("incorrect service \"\(service)\". This endpoint belongs to \"s3\".")
        }
        guard terminator.hasSameBytes(as: Self.terminator) else {
            throw refusal("incorrect terminal \"\(terminator)\". This endpoint uses \"aws4_request\".")
        }
        self.accessKeyID = accessKeyID
        self.day = day
    }
}
