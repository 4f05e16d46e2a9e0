// SPDX-License-Identifier: Apache-2.0

/// The fields that an uploader sends to the store, all of them and nothing else, before the file.
public struct SignedForm: Sendable, Hashable {
    /// The largest form, without the file, that may be signed, in bytes. S3 takes 20 KB of fields before the file.
    public static let maximumBytes = 20_000

    /// The fields in the order in which a form should send them; the file follows as the last part, named `file`.
    public let fields: [FormField]

    /// The policy document exactly as it was encoded and signed: compact JSON in UTF-8.
    public let policyJSON: [UInt8]

    /// How many bytes the fields take as `multipart/form-data`, without the file: an upper bound, since the sender chooses
    /// the boundary (RFC 2046, section 5.1.1: 70 characters at most).
    public var formBytes: Int {
        let fields = fields.span
        var bytes = fields.count * Self.partBytes
        for index in fields.indices { bytes += fields[index].name.utf8.count + fields[index].value.utf8.count }
        return bytes
    }

    /// What a part takes beside its name and value (RFC 7578, section 4.2): the delimiter line, the header, the blank line
    /// and the line end behind the value.
    private static let partBytes =
        "\r\n--".utf8.count + 70
        + "\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n".utf8.count
}
