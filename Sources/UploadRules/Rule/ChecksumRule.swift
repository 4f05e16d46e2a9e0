// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

/// A checksum of the file that a request declares and the store compares.
package enum ChecksumAlgorithm: String, Sendable, Hashable, CaseIterable {
    case sha256
    case sha1
    case crc32
    case crc32c
    case crc64nvme
    /// For stores that know only `Content-MD5`.
    case md5

    /// The length of the checksum in bytes.
    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha1: 20
        case .md5: 16
        case .crc64nvme: 8
        case .crc32, .crc32c: 4
        }
    }

    /// The length of the checksum in base64.
    var characterCount: Int { (byteCount + 2) / 3 * 4 }

    /// The name in sentences.
    var title: String {
        switch self {
        case .sha256: "SHA-256"
        case .sha1: "SHA-1"
        case .md5: "MD5"
        case .crc32, .crc32c, .crc64nvme: rawValue.uppercased()
        }
    }

    /// The form's fields for a checksum.
    /// - Parameter value: in base64
    func fields(_ value: String) -> [FormField] {
        switch self {
        case .sha256: Self.fields("SHA256", "x-amz-checksum-sha256", value)
        case .sha1: Self.fields("SHA1", "x-amz-checksum-sha1", value)
        case .crc32: Self.fields("CRC32", "x-amz-checksum-crc32", value)
        case .crc32c: Self.fields("CRC32C", "x-amz-checksum-crc32c", value)
        case .crc64nvme: Self.fields("CRC64NVME", "x-amz-checksum-crc64nvme", value)
        case .md5: [FormField(name: "Content-MD5", value: value)]
        }
    }

    private static func fields(_ algorithm: String, _ name: String, _ value: String) -> [FormField] {
        [FormField(name: "x-amz-checksum-algorithm", value: algorithm), FormField(name: name, value: value)]
    }
}

/// Whether a rule wants a checksum, and which.
package struct ChecksumRule: Sendable, Hashable {
    /// Whether a request without a checksum is refused.
    package let isRequired: Bool
    /// The algorithms that a request may use; at least one.
    package let algorithms: [ChecksumAlgorithm]

    package init(isRequired: Bool, algorithms: [ChecksumAlgorithm] = [.sha256]) {
        self.isRequired = isRequired
        self.algorithms = algorithms
    }

    /// A rule file's default.
    package static let optional = ChecksumRule(isRequired: false)
    /// `checksum: required`
    package static let required = ChecksumRule(isRequired: true)
}

/// The checksum in a request. Its value has not been checked.
package struct RequestedChecksum: Sendable, Hashable {
    /// The member of the request that has it.
    package enum Member: String, Sendable {
        case checksum = "checksum.value"
        case checksumSHA256
    }

    /// Nil if there is no algorithm of the name in the request.
    package let algorithm: ChecksumAlgorithm?
    /// In base64.
    package let value: String
    package let member: Member

    /// - Parameter algorithm: its name, in upper or lower case
    package init(algorithm: String, value: String) {
        self.algorithm = ChecksumAlgorithm.allCases.first { $0.rawValue.equalsIgnoringASCIICase(algorithm) }
        self.value = value
        member = .checksum
    }

    /// - Parameter value: the member `checksumSHA256`
    package init(sha256 value: String) {
        algorithm = .sha256
        self.value = value
        member = .checksumSHA256
    }
}
