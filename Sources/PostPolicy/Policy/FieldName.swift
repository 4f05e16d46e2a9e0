// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The rules for the names of fields that a policy may carry.
///
/// They are narrower than S3's: a name stands in a JSON condition, in a `Content-Disposition` header of the form and, for
/// metadata, in a header of its own. Nothing that needs quoting in any of the three passes.
enum FieldName {
    static let maximumBytes = 128

    /// What the policy, the signer or the form sets. `content-length-range` is no field, but as a name it would read like
    /// the condition.
    private static let reserved = [
        "key", "bucket", "file", "policy", "signature", "awsaccesskeyid", "x-amz-algorithm", "x-amz-credential",
        "x-amz-date", "x-amz-security-token", "x-amz-signature", "content-length-range",
    ]

    static func check(_ name: String) throws(PolicyError) {
        guard name.utf8.first?.isASCIILetter == true, name.utf8.count <= maximumBytes, name.allBytes(isAllowed) else {
            throw .fieldNameInvalid(name)
        }
        for word in reserved where word.equalsIgnoringASCIICase(name) { throw .fieldReserved(name) }
        // Fields named x-ignore-… are not judged by S3 at all: a condition on one would promise what is not kept.
        guard !isIgnored(name) else { throw .fieldReserved(name) }
    }

    /// Whether S3 does not judge a field of this name: it begins with `x-ignore-`, in any case.
    static func isIgnored(_ name: String) -> Bool {
        name.hasPrefixIgnoringASCIICase("x-ignore-")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: byte.isASCIILetterOrDigit
        }
    }
}
