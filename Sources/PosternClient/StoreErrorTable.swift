// SPDX-License-Identifier: Apache-2.0

/// What the errors of stores mean: `clients/store-errors.json`, which all clients share.
enum StoreErrorTable {
    struct Entry: Sendable {
        /// The `Code` of the store's XML.
        let store: String
        /// What its `Message` contains, in lower case; empty if every message fits.
        let contains: String
        let code: String
        let sentence: String
        let isRetryable: Bool
        let needsNewTicket: Bool
    }

    /// The first entry that fits an answer; nil if none does.
    static func entry(code: String, message: String) -> Entry? {
        let message = message.lowercased()
        return entries.first { $0.store == code && ($0.contains.isEmpty || message.contains($0.contains)) }
    }

    // BEGIN clients/store-errors.json: written by scripts/store-errors
    // swift-format-ignore
    static let entries: [Entry] = [
        Entry(store: "EntityTooLarge", contains: "", code: "file-too-large", sentence: "The file is larger than the ticket allows. Nothing was stored.", isRetryable: false, needsNewTicket: false),
        Entry(store: "EntityTooSmall", contains: "", code: "file-too-small", sentence: "The file is smaller than the ticket allows. Nothing was stored.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MaxMessageLengthExceeded", contains: "", code: "file-too-large", sentence: "The file is larger than the store takes in one upload.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "policy expired", code: "ticket-expired", sentence: "The ticket expired before the upload began. Take a new ticket and upload again.", isRetryable: false, needsNewTicket: true),
        Entry(store: "AccessDenied", contains: "request has expired", code: "ticket-expired", sentence: "The ticket expired before the upload began. Take a new ticket and upload again.", isRetryable: false, needsNewTicket: true),
        Entry(store: "ExpiredToken", contains: "", code: "ticket-expired", sentence: "The credentials that signed the ticket have expired. Take a new ticket and upload again.", isRetryable: false, needsNewTicket: true),
        Entry(store: "TokenRefreshRequired", contains: "", code: "ticket-expired", sentence: "The credentials that signed the ticket have expired. Take a new ticket and upload again.", isRetryable: false, needsNewTicket: true),
        Entry(store: "AccessDenied", contains: "\"$content-type\"", code: "type-not-signed", sentence: "The form's Content-Type is not the one that was signed. Send the ticket's fields as they are.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "not met condition: content-type", code: "type-not-signed", sentence: "The form's Content-Type is not the one that was signed. Send the ticket's fields as they are.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "extra input fields", code: "field-not-signed", sentence: "The form has a field that was not signed. Send the ticket's fields and the file, and nothing else.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "policy missing condition", code: "field-not-signed", sentence: "The form has a field that was not signed. Send the ticket's fields and the file, and nothing else.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "policy condition failed", code: "policy-condition-failed", sentence: "The form is not what was signed. Send the ticket's fields as they are, before the file.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "policy check failed", code: "policy-condition-failed", sentence: "The form is not what was signed. Send the ticket's fields as they are, before the file.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "according to policy", code: "policy-condition-failed", sentence: "The form is not what was signed. Send the ticket's fields as they are, before the file.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "headers present in the request which were not signed", code: "field-not-signed", sentence: "The request has a header that was not signed. Send the ticket's headers and the file, and nothing else.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "cors", code: "cors-not-allowed", sentence: "The bucket's CORS rules do not allow this page. Add the page's origin to them.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessForbidden", contains: "", code: "cors-not-allowed", sentence: "The bucket's CORS rules do not allow this page. Add the page's origin to them.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessDenied", contains: "", code: "access-denied", sentence: "The store denied the upload: the request is not the one that was signed, or the credentials that signed it may not write there.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AllAccessDisabled", contains: "", code: "access-denied", sentence: "The bucket allows no access at all.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccountProblem", contains: "", code: "access-denied", sentence: "The owner's account does not allow the upload.", isRetryable: false, needsNewTicket: false),
        Entry(store: "NotSignedUp", contains: "", code: "access-denied", sentence: "The account that signed the ticket is not signed up for this store.", isRetryable: false, needsNewTicket: false),
        Entry(store: "SignatureDoesNotMatch", contains: "", code: "signature-mismatch", sentence: "The signature does not match the request: the ticket was changed, or signed with another secret key.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidAccessKeyId", contains: "", code: "signer-unknown", sentence: "The store does not know the access key that signed the ticket.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidToken", contains: "", code: "signer-unknown", sentence: "The store does not accept the session token of the credentials that signed the ticket.", isRetryable: false, needsNewTicket: false),
        Entry(store: "RequestTimeTooSkewed", contains: "", code: "clock-skewed", sentence: "The clocks of the signer and of the store differ too much.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AuthorizationHeaderMalformed", contains: "", code: "region-wrong", sentence: "The ticket is signed for another region than the bucket's.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AuthorizationQueryParametersError", contains: "", code: "policy-invalid", sentence: "The signed URL cannot be read: it was changed after it was signed.", isRetryable: false, needsNewTicket: false),
        Entry(store: "PermanentRedirect", contains: "", code: "region-wrong", sentence: "The bucket is in another region, or must be addressed by another host name.", isRetryable: false, needsNewTicket: false),
        Entry(store: "TemporaryRedirect", contains: "", code: "store-busy", sentence: "The store is moving the bucket. Try again later.", isRetryable: true, needsNewTicket: false),
        Entry(store: "Redirect", contains: "", code: "store-busy", sentence: "The store is moving the bucket. Try again later.", isRetryable: true, needsNewTicket: false),
        Entry(store: "InvalidPolicyDocument", contains: "", code: "policy-invalid", sentence: "The store cannot read the policy: it was changed after it was signed.", isRetryable: false, needsNewTicket: false),
        Entry(store: "SignatureVersionNotSupported", contains: "", code: "signature-version", sentence: "The bucket takes no signatures of this version. Set signatureVersion to v4.", isRetryable: false, needsNewTicket: false),
        Entry(store: "BadDigest", contains: "", code: "checksum-mismatch", sentence: "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way.", isRetryable: false, needsNewTicket: false),
        Entry(store: "XAmzContentChecksumMismatch", contains: "", code: "checksum-mismatch", sentence: "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way.", isRetryable: false, needsNewTicket: false),
        Entry(store: "XAmzContentSHA256Mismatch", contains: "", code: "checksum-mismatch", sentence: "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidDigest", contains: "", code: "checksum-mismatch", sentence: "The checksum is not one that the store can read.", isRetryable: false, needsNewTicket: false),
        Entry(store: "PreconditionFailed", contains: "", code: "object-exists", sentence: "There is already an object with this key, and the rule does not let it be replaced.", isRetryable: false, needsNewTicket: false),
        Entry(store: "ConditionalRequestConflict", contains: "", code: "store-busy", sentence: "Another upload to this key was under way. Try again.", isRetryable: true, needsNewTicket: false),
        Entry(store: "OperationAborted", contains: "", code: "store-busy", sentence: "Another operation on this key was under way. Try again.", isRetryable: true, needsNewTicket: false),
        Entry(store: "SlowDown", contains: "", code: "store-busy", sentence: "The store has too many requests at the moment. Try again later.", isRetryable: true, needsNewTicket: false),
        Entry(store: "ServiceUnavailable", contains: "", code: "store-busy", sentence: "The store is not available at the moment. Try again later.", isRetryable: true, needsNewTicket: false),
        Entry(store: "InternalError", contains: "", code: "store-busy", sentence: "The store has an error of its own. Try again later.", isRetryable: true, needsNewTicket: false),
        Entry(store: "RequestTimeout", contains: "", code: "connection-slow", sentence: "The store stopped waiting for the file, because the connection was too slow. Try again.", isRetryable: true, needsNewTicket: false),
        Entry(store: "IncompleteBody", contains: "", code: "connection-broken", sentence: "The connection ended before the whole file had arrived. Try again.", isRetryable: true, needsNewTicket: false),
        Entry(store: "NoSuchBucket", contains: "", code: "bucket-missing", sentence: "The store has no bucket of this name.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MethodNotAllowed", contains: "", code: "method-not-supported", sentence: "The store does not take this kind of upload at this address.", isRetryable: false, needsNewTicket: false),
        Entry(store: "NotImplemented", contains: "", code: "method-not-supported", sentence: "The store does not take this kind of upload. For stores without forms, set method to put.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MissingContentLength", contains: "", code: "length-missing", sentence: "The upload was sent in chunks, without a Content-Length. Send its length.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidArgument", contains: "only one auth mechanism", code: "authorization-sent", sentence: "The upload had an Authorization header. Send none to the store: the ticket is signed already.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidArgument", contains: "authorization", code: "authorization-sent", sentence: "The upload had an Authorization header. Send none to the store: the ticket is signed already.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidArgument", contains: "", code: "form-invalid", sentence: "The store does not accept a field of the upload. Send the ticket's fields as they are, with no Authorization header.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidRequest", contains: "aws4-hmac-sha256", code: "signature-version", sentence: "The bucket takes no signatures of this version. Set signatureVersion to v4.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidRequest", contains: "", code: "form-invalid", sentence: "The store does not accept the upload as it was sent.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MalformedPOSTRequest", contains: "", code: "form-invalid", sentence: "The form is not well formed: it must be multipart/form-data, with the file last.", isRetryable: false, needsNewTicket: false),
        Entry(store: "IncorrectNumberOfFilesInPostRequest", contains: "", code: "form-invalid", sentence: "The form must have one file, as its last part.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MaxPostPreDataLengthExceeded", contains: "", code: "form-invalid", sentence: "The fields before the file are too long together.", isRetryable: false, needsNewTicket: false),
        Entry(store: "UserKeyMustBeSpecified", contains: "", code: "form-invalid", sentence: "The form has no key before the file. The file must come last.", isRetryable: false, needsNewTicket: false),
        Entry(store: "RequestIsNotMultiPartContent", contains: "", code: "form-invalid", sentence: "The form must be multipart/form-data.", isRetryable: false, needsNewTicket: false),
        Entry(store: "KeyTooLongError", contains: "", code: "form-invalid", sentence: "The object's key is longer than the store allows.", isRetryable: false, needsNewTicket: false),
        Entry(store: "MetadataTooLarge", contains: "", code: "form-invalid", sentence: "The metadata is larger than the store allows.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidTag", contains: "", code: "form-invalid", sentence: "The store does not accept the tags of the upload.", isRetryable: false, needsNewTicket: false),
        Entry(store: "AccessControlListNotSupported", contains: "", code: "acl-not-supported", sentence: "The bucket takes no ACLs. Remove acl from the rule.", isRetryable: false, needsNewTicket: false),
        Entry(store: "InvalidStorageClass", contains: "", code: "storage-class-unknown", sentence: "The store does not have the storage class of the rule.", isRetryable: false, needsNewTicket: false),
        Entry(store: "KMS.DisabledException", contains: "", code: "encryption-key-unusable", sentence: "The key that encrypts the bucket is disabled.", isRetryable: false, needsNewTicket: false),
        Entry(store: "KMS.NotFoundException", contains: "", code: "encryption-key-unusable", sentence: "The key that encrypts the bucket does not exist.", isRetryable: false, needsNewTicket: false),
        Entry(store: "KMS.KMSInvalidStateException", contains: "", code: "encryption-key-unusable", sentence: "The key that encrypts the bucket cannot be used at the moment.", isRetryable: false, needsNewTicket: false),
        Entry(store: "QuotaExceeded", contains: "", code: "store-full", sentence: "The store's quota is used up.", isRetryable: false, needsNewTicket: false),
        Entry(store: "XMinioStorageFull", contains: "", code: "store-full", sentence: "The store is full.", isRetryable: false, needsNewTicket: false),
        Entry(store: "XMinioAdminBucketQuotaExceeded", contains: "", code: "store-full", sentence: "The bucket's quota is used up.", isRetryable: false, needsNewTicket: false),
    ]
    // END clients/store-errors.json
}
