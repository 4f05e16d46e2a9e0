// SPDX-License-Identifier: Apache-2.0

/// A partition of AWS: a group of regions with accounts and host names of their own. The raw value is its name, as in ARNs.
///
/// The source is botocore's `partitions.json`; a system test compares them.
package enum Partition: String, Sendable, CaseIterable {
    case aws
    case china = "aws-cn"
    case usGov = "aws-us-gov"
    case iso = "aws-iso"
    case isoB = "aws-iso-b"
    case isoE = "aws-iso-e"
    case isoF = "aws-iso-f"
    case euSovereign = "aws-eusc"

    /// Finds the partition by the region's prefix: AWS adds regions too often for a list. Nil if the name does not have the form
    /// of AWS's regions.
    package init?(region: String) {
        guard RegionName.isAWS(region) else { return nil }
        // Known to be ASCII here, so that comparing characters compares bytes.
        if let partition = Self.allCases.first(where: { $0.regionPrefix.map { region.hasPrefix($0) } ?? false }) {
            self = partition
        } else if region.utf8.drop(while: { $0 != UInt8(ascii: "-") }).starts(with: "-iso".utf8) {
            // An isolated partition that is newer than this table.
            return nil
        } else {
            self = .aws
        }
    }

    /// The prefix that all regions of the partition share; nil if there is none.
    private var regionPrefix: String? {
        switch self {
        case .aws: nil
        case .china: "cn-"
        case .usGov: "us-gov-"
        case .iso: "us-iso-"
        case .isoB: "us-isob-"
        case .isoE: "eu-isoe-"
        case .isoF: "us-isof-"
        case .euSovereign: "eusc-"
        }
    }

    /// The suffix of the partition's host names.
    package var suffix: String {
        switch self {
        case .aws, .usGov: "amazonaws.com"
        case .china: "amazonaws.com.cn"
        case .iso: "c2s.ic.gov"
        case .isoB: "sc2s.sgov.gov"
        case .isoE: "cloud.adc-e.uk"
        case .isoF: "csp.hci.ic.gov"
        case .euSovereign: "amazonaws.eu"
        }
    }

    /// Whether S3 has FIPS hosts, by botocore's endpoint rules for S3.
    var hasFIPS: Bool { self != .china }

    /// Whether S3 has dual-stack hosts: botocore's `endpoints.json` has no such variant for the other two.
    var hasDualStack: Bool { self != .isoE && self != .isoF }

    /// Whether S3 has accelerated hosts. They are on the public edge network, which the isolated partitions and the European
    /// Sovereign Cloud do not use, although botocore writes their names.
    var hasAccelerate: Bool { self == .aws || self == .usGov }

    /// The suffix of a host name of AWS, in lower case; nil if the host is not one of AWS's.
    static func suffix(of host: String) -> String? {
        allCases.lazy.map(\.suffix).first { host == $0 || host.hasSuffix(".\($0)") }
    }
}
