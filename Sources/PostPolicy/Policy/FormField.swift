// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One text field of a POST form: a name and a value, as they are sent.
///
/// Fields are equal if they have the same bytes. "é" as one character and as "e" with a combining accent are two values to S3.
public struct FormField: Sendable, Hashable {
    /// The field's name, in the spelling in which it is sent.
    public let name: String
    /// The field's value.
    public let value: String

    /// Creates a field without checking it. ``UploadPolicy/add(_:_:)`` checks the fields of a policy.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Returns whether names and values have the same bytes.
    public static func == (left: FormField, right: FormField) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.value.hasSameBytes(as: right.value)
    }

    /// Hashes name and value.
    public func hash(into hasher: inout Hasher) {
        // Equal bytes have equal hashes. So do canonically equivalent strings with different bytes; `==` distinguishes them.
        hasher.combine(name)
        hasher.combine(value)
    }
}

// MARK: What a policy takes

extension FormField {
    /// The longest name in a policy, in bytes.
    static let maximumNameBytes = 128

    /// The names that the policy, the signer or the form sets. `content-length-range` is not a field, but a condition on a field
    /// of that name would read like the condition on the size.
    private static let reservedNames = [
        "key", "bucket", "file", "policy", "signature", "awsaccesskeyid", "x-amz-algorithm", "x-amz-credential",
        "x-amz-date", "x-amz-security-token", "x-amz-signature", "content-length-range",
    ]

    /// Checks the name of a field that is to be added to a policy.
    ///
    /// The rules are narrower than S3's: a name appears in a JSON condition, in a `Content-Disposition` header of the form and,
    /// for metadata, as the name of a header. Names that need quoting in any of the three are refused.
    static func checkName(_ name: String) throws(PolicyError) {
        guard name.utf8.first?.isASCIILetter == true, name.utf8.count <= maximumNameBytes, name.allBytes(isAllowedInName) else {
            throw .fieldNameInvalid(name)
        }
        for word in reservedNames where word.equalsIgnoringASCIICase(name) { throw .fieldReserved(name) }
        // S3 does not check fields named x-ignore-…: a condition on one would not be enforced.
        guard !isIgnored(name) else { throw .fieldReserved(name) }
    }

    /// Whether S3 does not check a field of this name: it begins with `x-ignore-`, in any case.
    static func isIgnored(_ name: String) -> Bool {
        name.hasPrefixIgnoringASCIICase("x-ignore-")
    }

    /// Checks a value that is to be signed: it has no controls, because forms rewrite line ends (HTML, "constructing the entry
    /// list") and headers end at them, and no `${`, which S3 expands.
    static func checkValue(_ value: String, of name: String) throws(PolicyError) {
        if let problem = value.withUTF8Span(valueProblem) { throw .fieldValueInvalid(name: name, problem) }
    }

    private static func isAllowedInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: byte.isASCIILetterOrDigit
        }
    }

    private static func valueProblem(_ utf8: Span<UInt8>) -> PolicyError.ValueProblem? {
        var previous: UInt8 = 0
        for index in 0..<utf8.count {
            let byte = utf8[index]
            // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return .control }
            if previous == UInt8(ascii: "$"), byte == UInt8(ascii: "{") { return .substitution }
            previous = byte
        }
        return nil
    }
}
