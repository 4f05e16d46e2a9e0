// SPDX-License-Identifier: Apache-2.0

/// Why a policy cannot be built or signed.
///
/// ``description`` is a plain sentence that says what to do instead. No case holds a secret.
public enum PolicyError: Error, Sendable, Equatable {
    /// The bucket's name breaks S3's rules.
    case bucketInvalid(EndpointError)
    /// The key is empty.
    case keyEmpty
    /// The key is longer than ``UploadPolicy/maximumKeyBytes``; `bytes` is its length in UTF-8.
    case keyTooLong(bytes: Int)
    /// The range of sizes, in bytes, is not within 0 to ``UploadPolicy/maximumFileBytes``.
    case sizesInvalid(ClosedRange<Int>)
    /// A date is outside the years 0 to 9999, or is not a number.
    case dateInvalid
    /// The policy would end at or before the instant at which it is signed.
    case alreadyExpired
    /// The policy would end later than ``PolicySigner/maximumLifetime`` after it is signed (Signature Version 4).
    case expirationTooFar
    /// A field's name is not a letter followed by letters, digits, `-`, `_` or `.`, or has more than 128 bytes.
    case fieldNameInvalid(String)
    /// The field is set by the policy, the signer or the form.
    case fieldReserved(String)
    /// There already is a field of this name. Upper and lower case are the same: S3 treats `acl` and `ACL` as one field.
    case fieldDuplicate(String)
    /// A field's value would not arrive as it was signed.
    case fieldValueInvalid(name: String, ValueProblem)
    /// The access key id is empty or is not visible ASCII without `/`, the secret is empty, or the session token is not visible
    /// ASCII.
    case credentialsInvalid
    /// The credentials have expired.
    case credentialsExpired
    /// The region cannot be part of a credential scope.
    case regionInvalid(String)
    /// The form is larger than what the store reads before the file (``SignedForm/maximumBytes``).
    ///
    /// `bytes` is the size of the whole form (``SignedForm/formBytes``); `sessionTokenBytes` is the part of it that is due to the
    /// session token of the credentials, as a field and within the policy, and 0 if there is none.
    case formTooLarge(bytes: Int, maximum: Int, sessionTokenBytes: Int)
    /// libcrypto did not compute the signature, for example because its provider forbids the digest.
    case signingFailed

    /// What a field's value must not contain.
    public enum ValueProblem: Sendable, Equatable {
        /// A control character, U+0000 to U+001F or U+007F to U+009F: forms rewrite line ends, and headers end at them.
        case control
        /// `${`, which begins a variable that S3 expands, such as `${filename}`.
        case substitution
        /// A character beyond ASCII, a space at an end or two spaces in a row: a header field does not carry them unchanged.
        case header
    }
}

extension PolicyError {
    /// Whether the form is too large because of the session token: the token takes more space than everything else in the form.
    package var isSessionTokenTooLong: Bool {
        guard case .formTooLarge(let bytes, _, let sessionTokenBytes) = self else { return false }
        return sessionTokenBytes > bytes - sessionTokenBytes
    }
}

extension PolicyError: CustomStringConvertible {
    /// A plain sentence that says what is wrong and what to do instead.
    public var description: String {
        switch self {
        case .bucketInvalid(let error):
            "\(error)"
        case .keyEmpty:
            "the key is empty: name the object that may be written"
        case .keyTooLong(let bytes):
            "the key has \(bytes) bytes: shorten it to \(UploadPolicy.maximumKeyBytes) bytes of UTF-8"
        case .sizesInvalid(let sizes):
            "the sizes \(sizes.lowerBound) to \(sizes.upperBound) are not possible: give bytes from 0 to \(UploadPolicy.maximumFileBytes)"
        case .dateInvalid:
            "the date is not in the years 0 to 9999"
        case .alreadyExpired:
            "the policy ends before it is signed: give an expiration in the future"
        case .expirationTooFar:
            "the policy ends more than 7 days after it is signed: a signature lasts no longer"
        case .fieldNameInvalid(let name):
            "the field name \(name.debugDescription) is not valid: begin with a letter, then use letters, digits, '-', '_' and '.', 128 at most"
        case .fieldReserved(let name):
            "the field \(name.debugDescription) is set by the policy or the signer: leave it out"
        case .fieldDuplicate(let name):
            "the field \(name.debugDescription) is there already (upper and lower case are the same): add it once"
        case .fieldValueInvalid(let name, .control):
            "the value of \(name.debugDescription) holds a control character: remove or encode it"
        case .fieldValueInvalid(let name, .substitution):
            "the value of \(name.debugDescription) holds \"${\", which the store would replace: choose the whole value"
        case .fieldValueInvalid(let name, .header):
            "the value of \(name.debugDescription) is not ASCII with single spaces inside: a header field takes nothing else"
        case .credentialsInvalid:
            "the credentials are not usable: an access key id of visible ASCII without '/' and a secret are needed"
        case .credentialsExpired:
            "the credentials have expired: refresh them before signing"
        case .regionInvalid(let region):
            "the region \(region.debugDescription) is not valid: write for example \"eu-west-1\""
        case .formTooLarge(let bytes, let maximum, _) where isSessionTokenTooLong:
            "the form fields take \(bytes) bytes and the store takes \(maximum): use credentials with a shorter session token"
        case .formTooLarge(let bytes, let maximum, _):
            "the form fields take \(bytes) bytes and the store takes \(maximum): shorten the metadata or tags"
        case .signingFailed:
            "libcrypto did not sign: look at its providers (a FIPS provider refuses SHA-1, which signature v2 needs)"
        }
    }
}
