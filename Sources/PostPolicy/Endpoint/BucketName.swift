// SPDX-License-Identifier: Apache-2.0

/// S3's rules for the names of general purpose buckets ("Bucket naming rules" in the S3 User Guide).
enum BucketName {
    static func check(_ name: String) throws(EndpointError) {
        let utf8 = name.utf8
        guard (3...63).contains(utf8.count) else { throw .bucketInvalid(name, .length) }
        guard utf8.allSatisfy(isAllowed) else { throw .bucketInvalid(name, .character) }
        let labels = utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last, first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else {
                throw .bucketInvalid(name, .label)
            }
        }
        guard labels.count != 4 || !labels.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) }) else {
            throw .bucketInvalid(name, .address)
        }
        // Known to be ASCII by now, so Swift's prefixes and bytes agree.
        guard !reservedPrefixes.contains(where: name.hasPrefix), !reservedSuffixes.contains(where: name.hasSuffix) else {
            throw .bucketInvalid(name, .reserved)
        }
    }

    private static let reservedPrefixes = ["xn--", "sthree-"]
    /// Object Lambda and multi-region access points, directory and table buckets: none takes a POST. (Aliases of access
    /// points, `-s3alias`, stand for a bucket and pass.)
    private static let reservedSuffixes = ["--ol-s3", ".mrap", "--x-s3", "--table-s3"]

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte.isASCIILowercase || byte.isASCIIDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
