// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The rules for names of regions.
enum RegionName {
    /// Whether the name can be part of a credential scope: 1 to 64 letters, digits, `-`, `_` and `.`. Stores other than AWS choose
    /// such names freely ("default", "garage").
    static func isPossible(_ region: String) -> Bool {
        (1...64).contains(region.utf8.count)
            && region.allBytes {
                $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                    || $0 == UInt8(ascii: ".")
            }
    }

    static func check(_ region: String) throws(EndpointError) {
        guard isPossible(region) else { throw .regionInvalid(region, isAWS: false) }
    }

    /// Whether the name has the form of AWS's regions: words of lower-case letters and a final number, joined by `-`.
    static func isAWS(_ region: String) -> Bool {
        let parts = region.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 3, region.utf8.count <= 64, let number = parts.last, let first = parts.first else { return false }
        return first.count >= 2 && (1...2).contains(number.count) && number.allSatisfy(\.isASCIIDigit)
            && parts.dropLast().allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isASCIILowercase) }
    }
}
