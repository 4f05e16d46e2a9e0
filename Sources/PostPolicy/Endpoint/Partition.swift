// SPDX-License-Identifier: Apache-2.0

/// A part of AWS with accounts and host names of its own.
enum Partition {
    case aws, china, usGov

    /// The partition of a region, by the region's prefix: new regions appear too often for a list.
    init(region: String) throws(EndpointError) {
        guard RegionName.isAWS(region) else { throw .regionInvalid(region, isAWS: true) }
        // Compared as bytes that are known to be ASCII by now.
        if region.hasPrefix("cn-") {
            self = .china
        } else if region.hasPrefix("us-gov-") {
            self = .usGov
        } else if region.hasPrefix("eusc-") || region.utf8.drop(while: { $0 != UInt8(ascii: "-") }).starts(with: "-iso".utf8) {
            // Their host names are no public constants here: an endpoint says it all.
            throw .partitionUnknown(region: region)
        } else {
            self = .aws
        }
    }

    /// What the host names of the partition end in.
    var suffix: String {
        switch self {
        case .aws, .usGov: "amazonaws.com"
        case .china: "amazonaws.com.cn"
        }
    }

    var hasFIPS: Bool { self != .china }
    var hasAccelerate: Bool { self != .china }
}
