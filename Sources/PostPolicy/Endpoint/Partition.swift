// SPDX-License-Identifier: Apache-2.0

/// A partition of AWS: a group of regions with accounts and host names of their own.
enum Partition {
    case aws, china, usGov

    /// Finds the partition by the region's prefix: AWS adds regions too often for a list.
    init(region: String) throws(EndpointError) {
        guard RegionName.isAWS(region) else { throw .regionInvalid(region, isAWS: true) }
        // Known to be ASCII here, so that comparing characters compares bytes.
        if region.hasPrefix("cn-") {
            self = .china
        } else if region.hasPrefix("us-gov-") {
            self = .usGov
        } else if region.hasPrefix("eusc-") || region.utf8.drop(while: { $0 != UInt8(ascii: "-") }).starts(with: "-iso".utf8) {
            // This library has no host names for these partitions: the endpoint must be named.
            throw .partitionUnknown(region: region)
        } else {
            self = .aws
        }
    }

    /// The end of the partition's host names.
    var suffix: String {
        switch self {
        case .aws, .usGov: "amazonaws.com"
        case .china: "amazonaws.com.cn"
        }
    }

    var hasFIPS: Bool { self != .china }
    var hasAccelerate: Bool { self != .china }
}
