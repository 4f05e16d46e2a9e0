// SPDX-License-Identifier: Apache-2.0

/// Why a policy cannot be built or signed.
///
/// ``description`` is a plain sentence that says what to do instead. No case holds a secret.
public enum PolicyError: Error, Sendable, Equatable {
    /// The bucket's name breaks S3's rules.
    case bucketInvalid(EndpointError)
    /// The key is empty.
    case keyEmpty
    /// The key is longer than S3's 1024 bytes of UTF-8.
    case keyTooLong(bytes: Int)
    /// The range of sizes is not within 0 bytes to 5 GiB.
    case sizesInvalid(ClosedRange<Int>)
    /// A date lies outside the years 0 to 9999 or is no date at all.
    case dateInvalid
    /// The policy would end at or before the instant it is signed at.
    case alreadyExpired
    /// The policy would outlive its signature: a SigV4 signing key is good for seven days.
    case expirationTooFar
    /// A field's name is not a letter followed by letters, digits, `-`, `_` or `.`, 128 bytes at most.
    case fieldNameInvalid(String)
    /// The name belongs to the policy itself, to the signer or to the file.
    case fieldReserved(String)
    /// The name is there already; S3 knows no difference between `acl` and `ACL`.
    case fieldDuplicate(String)
    /// A field's value holds something that would not arrive as it was signed.
    case fieldValueInvalid(name: String, ValueProblem)
    /// The access key id is empty or holds more than visible ASCII, or there is no secret.
    case credentialsInvalid
    /// The credentials have come to their end.
    case credentialsExpired
    /// The region is not a name that can stand in a credential scope.
    case regionInvalid(String)
    /// The fields take more bytes than S3 takes before the file.
    case formTooLarge(bytes: Int, maximum: Int)
    /// libcrypto did not compute the signature, for example because its provider forbids the digest.
    case signingFailed

    /// What a field's value must not hold.
    public enum ValueProblem: Sendable, Equatable {
        /// A control character, U+0000 to U+001F or U+007F to U+009F: forms alter line ends, and headers end at them.
        case control
        /// `${`, with which S3 replaces what the uploader chose, such as `${filename}`.
        case substitution
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
            "the key has \(bytes) bytes: shorten it to 1024 bytes of UTF-8"
        case .sizesInvalid(let sizes):
            "the sizes \(sizes.lowerBound) to \(sizes.upperBound) are not possible: give bytes from 0 to \(UploadPolicy.maximumFileBytes)"
        case .dateInvalid:
            "the date is not in the years 0 to 9999"
        case .alreadyExpired:
            "the policy ends before it is signed: give an expiration in the future"
        case .expirationTooFar:
            "the policy ends more than 7 days after it is signed: a signature lasts no longer"
        case .fieldNameInvalid(let name):
            "the field name \(name.debugDescription) is not possible: begin with a letter, then use letters, digits, '-', '_' and '.', 128 at most"
        case .fieldReserved(let name):
            "the field \(name.debugDescription) is set by the policy or the signer: leave it out"
        case .fieldDuplicate(let name):
            "the field \(name.debugDescription) is there already (upper and lower case are the same): add it once"
        case .fieldValueInvalid(let name, .control):
            "the value of \(name.debugDescription) holds a control character: remove or encode it"
        case .fieldValueInvalid(let name, .substitution):
            "the value of \(name.debugDescription) holds \"${\", which the store would replace: choose the whole value"
        case .credentialsInvalid:
            "the credentials are not usable: an access key id of visible ASCII without '/' and a secret are needed"
        case .credentialsExpired:
            "the credentials have expired: refresh them before signing"
        case .regionInvalid(let region):
            "the region \(region.debugDescription) is not possible: write for example \"eu-west-1\""
        case .formTooLarge(let bytes, let maximum):
            "the form fields take \(bytes) bytes and the store takes \(maximum): shorten the metadata or tags"
        case .signingFailed:
            "libcrypto did not sign: look at its providers (a FIPS provider refuses SHA-1, which signature v2 needs)"
        }
    }
}
