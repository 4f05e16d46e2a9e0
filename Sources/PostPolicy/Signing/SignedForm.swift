// SPDX-License-Identifier: Apache-2.0

/// The fields that an uploader sends to the store before the file: all of them and nothing else.
public struct SignedForm: Sendable, Hashable {
    /// The largest form that is signed, in bytes and without the file. S3 reads at most 20 KB of fields before the file.
    public static let maximumBytes = 20_000

    /// The fields in the order in which a form should send them; the file follows as the last part, named `file`.
    public let fields: [FormField]

    /// The policy document exactly as it was encoded and signed: compact JSON in UTF-8.
    public let policyJSON: [UInt8]

    /// The size of the field `Policy`, in bytes: the document in base64.
    public var policyBytes: Int { (policyJSON.count + 2) / 3 * 4 }

    /// The size of the fields as `multipart/form-data`, in bytes and without the file. An upper bound, since the sender chooses
    /// the boundary (RFC 2046, section 5.1.1: at most 70 characters).
    public var formBytes: Int {
        let fields = fields.span
        var bytes = fields.count * Self.partBytes
        for index in fields.indices { bytes += fields[index].name.utf8.count + fields[index].value.utf8.count }
        return bytes
    }

    /// The bytes of a part in addition to its name and value (RFC 7578, section 4.2): the delimiter line, the header, the blank
    /// line, and the line end after the value.
    private static let partBytes =
        "\r\n--".utf8.count + 70
        + "\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n".utf8.count
}

/// A form is a permission: it lets its reader upload. Printing one shows only the names of its fields.
extension SignedForm: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the fields, in order.
    public var description: String { "SignedForm(\(fields.map(\.name).joined(separator: ", ")))" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
