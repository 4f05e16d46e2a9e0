// SPDX-License-Identifier: Apache-2.0

import PortableFormats
import PostPolicy
import WireFormats

/// A checksum in a form, which the store compares with the file (S3, "Checking object integrity").
package enum StoreChecksum: String, Sendable, CaseIterable {
    case md5 = "content-md5"
    case sha1 = "x-amz-checksum-sha1"
    case sha256 = "x-amz-checksum-sha256"
    case crc32 = "x-amz-checksum-crc32"
    case crc32c = "x-amz-checksum-crc32c"
    case crc64nvme = "x-amz-checksum-crc64nvme"

    /// The name of the form's field, in lower case.
    var field: String { rawValue }

    /// The name of the algorithm, as S3 writes it.
    var name: String { "\(self)".uppercased() }

    /// The length of the checksum in bytes.
    package var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        }
    }

    /// Finds the checksum of a form.
    /// - Returns: nil if the form has none
    /// - Throws: `StoreError` if it is malformed, if there are two with `x-amz-checksum-`, or of an algorithm that S3 does not have
    static func declared(in form: ReceivedForm) throws(StoreError) -> (kind: StoreChecksum, bytes: [UInt8])? {
        let prefix = "x-amz-checksum-"
        for field in form.fields.map(\.name.asciiLowercased) where field.utf8.starts(with: prefix.utf8) {
            guard field == prefix + "algorithm" || StoreChecksum(rawValue: field) != nil else {
                throw .notImplemented(field)
            }
        }
        let declared = allCases.filter { form[$0.field] != nil }
        guard declared.count < 2 else { throw .severalChecksums }
        guard let kind = declared.first, let text = form[kind.field] else { return nil }
        guard let bytes = Base64.decode(text), bytes.count == kind.size else { throw .malformedChecksum(kind) }
        return (kind, bytes)
    }
}

/// The checksum of a file that arrives in pieces.
struct RunningChecksum: ~Copyable {
    private var digest: IncrementalDigest?
    private var check: CRC?

    init(_ kind: StoreChecksum) {
        switch kind {
        case .md5: digest = IncrementalDigest(.md5)
        case .sha1: digest = IncrementalDigest(.sha1)
        case .sha256: digest = IncrementalDigest(.sha256)
        case .crc32: check = CRC(.crc32)
        case .crc32c: check = CRC(.crc32c)
        case .crc64nvme: check = CRC(.crc64nvme)
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        digest?.update(bytes)
        check?.update(bytes)
    }

    /// The checksum of all pieces. Call it once, after the last.
    mutating func finish() -> [UInt8] {
        digest?.finish() ?? check?.bytes ?? []
    }
}
