// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Who signed a form and how, read from the form's fields.
struct FormSignature {
    let version: SignatureVersion
    let accessKeyID: String
    /// The policy as it stands in the form: what was signed.
    let policy: String
    let signature: String
    let sessionToken: String?
    /// The instant of `X-Amz-Date`; nil with SigV2.
    let date: Date?

    /// Reads a form. The fields of a version come all or not at all; a form with none of them is anonymous.
    /// - Parameters:
    ///   - form: the form.
    ///   - region: the region of the store.
    init(_ form: ReceivedForm, region: String) throws(StoreRefusal) {
        func required(_ name: String) throws(StoreRefusal) -> String {
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
