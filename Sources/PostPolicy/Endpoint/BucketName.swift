// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// S3's rules for the names of general purpose buckets ("Bucket naming rules" in the S3 User Guide), and the wider ones for buckets
/// that were made under other rules.
enum BucketName {
    /// Which names a bucket may have.
    enum Range {
        /// Those that S3 gives to new buckets.
        case current
        /// Also those that S3 gave in us-east-1 before March 2018 ("Former Amazon S3 naming convention" in the S3 User Guide).
        case older
        /// Whatever another store allows: also names that AWS reserves.
        case foreign
    }

    static func check(_ name: String, _ range: Range) throws(EndpointError) {
        do throws(EndpointError) {
            try check(name)
        } catch {
            guard case .bucketInvalid(_, let problem) = error, isWide(name), range != .current,
                range == .foreign || problem != .reserved
            else { throw error }
        }
    }

    /// Whether the name can be one part of a host name, or several: labels of lower-case letters, digits and inner hyphens.
    static func isHostName(_ name: String) -> Bool {
        name.withUTF8Span(problem) == nil
    }

    /// `[A-Za-z0-9._-]{3,255}`: none of these is encoded in a URL.
    private static func isWide(_ name: String) -> Bool {
        (3...255).contains(name.utf8.count)
            && name.allBytes {
                $0.isASCIILetterOrDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

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
