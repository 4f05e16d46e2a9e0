// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// S3's rules for the names of general purpose buckets ("Bucket naming rules" in the S3 User Guide).
enum BucketName {
    static func check(_ name: String) throws(EndpointError) {
        if let problem = name.withUTF8Span(problem) { throw .bucketInvalid(name, problem) }
        // Known to be ASCII here, so that comparing characters compares bytes.
        for prefix in reservedPrefixes where name.hasPrefix(prefix) { throw .bucketInvalid(name, .reserved) }
        for suffix in reservedSuffixes where name.hasSuffix(suffix) { throw .bucketInvalid(name, .reserved) }
    }

    private static let reservedPrefixes = ["xn--", "sthree-"]
    /// Object Lambda and multi-region access points, directory buckets and table buckets, which do not accept POST. Aliases of
    /// access points (`-s3alias`) can be used like buckets and are allowed.
    private static let reservedSuffixes = ["--ol-s3", ".mrap", "--x-s3", "--table-s3"]

    private static func problem(_ utf8: Span<UInt8>) -> EndpointError.BucketProblem? {
        guard (3...63).contains(utf8.count) else { return .length }
        var dots = 0
        var hasOnlyNumbers = true
        // Labels are delimited by dots and by both ends of the name.
        var previous = UInt8(ascii: ".")
        for index in 0..<utf8.count {
            let byte = utf8[index]
            switch byte {
            case UInt8(ascii: "."):
                if previous == UInt8(ascii: ".") || previous == UInt8(ascii: "-") { return .label }
                dots += 1
            case UInt8(ascii: "-"):
                if previous == UInt8(ascii: ".") { return .label }
                hasOnlyNumbers = false
            default:
                guard byte.isASCIILowercase || byte.isASCIIDigit else { return .character }
                if !byte.isASCIIDigit { hasOnlyNumbers = false }
            }
            previous = byte
        }
        if previous == UInt8(ascii: ".") || previous == UInt8(ascii: "-") { return .label }
        return hasOnlyNumbers && dots == 3 ? .address : nil
    }
}
