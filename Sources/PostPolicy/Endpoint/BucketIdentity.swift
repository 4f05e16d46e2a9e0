// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Which bucket an endpoint reaches, under whatever name: tenants with one bucket must not have overlapping prefixes.
///
/// All of S3 on AWS is one store, since names of buckets are unique there, and so are all names of this machine. Schemes, default
/// ports, base paths and the spelling of a host make no difference. Two names of another store count as two stores: nothing is
/// looked up. What an address leaves open counts as equal.
package struct BucketIdentity: Sendable, Hashable {
    /// A name that only one bucket has.
    package struct Name: Sendable, Hashable {
        fileprivate let service: Service
        /// Empty if the service's host is the bucket.
        fileprivate let bucket: String
    }

    /// The names that the bucket may have: of a bucket with a host of its own, that host, and also a bucket of each store that the
    /// host can be a subdomain of.
    package let names: Set<Name>
    /// The tenant of Ceph that owns the bucket. Nil if the address does not name one: then it is the tenant of the signing user.
    package let cephTenant: String?

    /// Whether the bucket is on AWS itself.
    package var isAWS: Bool { names.contains { $0.service.host == .aws } }

    /// Whether both may be one bucket. The relation is not transitive: `acme` may be `a:acme` or `b:acme`, which are two buckets.
    package func mayBeSame(as other: BucketIdentity) -> Bool {
        (cephTenant == nil || other.cephTenant == nil || cephTenant == other.cephTenant) && !names.isDisjoint(with: other.names)
    }

    /// Where buckets have their names.
    fileprivate struct Service: Hashable {
        let host: ServiceHost
        /// Nil for the default port of http or https: a store can listen on both.
        let port: Int?
    }

    fileprivate enum ServiceHost: Hashable {
        case aws
        /// Any name or address of this machine, and the unspecified address, which connects to it.
        case thisMachine
        /// The bytes of an address, 4 for an IPv4-mapped one.
        case address([UInt8])
        case name(String)
    }
}

extension BucketIdentity {
    /// A bucket on AWS.
    init(onAWS bucket: String) {
        self.init(names: [Name(service: Service(host: .aws, port: nil), bucket: bucket)], cephTenant: nil)
    }

    /// - Parameters:
    ///   - bucket: the bucket that the form names
    ///   - cephTenant: the tenant in front of the bucket; nil if there is none
    ///   - base: the endpoint without the bucket
    ///   - style: where the upload's URL has the bucket
    init(_ bucket: String, ofCephTenant cephTenant: String? = nil, at base: EndpointURL, _ style: Addressing) {
        if let host = base.awsHost {
            self = BucketIdentity(onAWS: host.bucket ?? bucket)
            return
        }
        let port = base.port.flatMap { $0 == 80 || $0 == 443 ? nil : $0 }
        func service(_ host: Host) -> Service { Service(host: .init(host), port: port) }
        var names: Set = [Name(service: service(base.host), bucket: bucket)]
        switch style {
        case .path, .virtualHost:
            // files.acme.example may be the bucket `files` of acme.example, and is if another tenant says so.
            if let rest = base.host.subdomain(of: bucket) { names.insert(Name(service: service(rest), bucket: bucket)) }
            guard style == .virtualHost else { break }
            names.insert(Name(service: Service(host: .name("\(bucket).\(base.host.text)"), port: port), bucket: ""))
        case .host:
            let isName = base.host.address == nil && base.host.text != "localhost"
            let host = isName ? ServiceHost.name(base.host.text) : .init(base.host)
            // Each name under localhost can be another bucket.
            if isName, base.host.isLoopback { names = [] }
            names.insert(Name(service: Service(host: host, port: port), bucket: ""))
            // The host alone decides on the bucket, whatever the form calls it, and buckets may have dots in their names.
            for (front, rest) in base.host.subdomains { names.insert(Name(service: service(rest), bucket: front)) }
        }
        self = BucketIdentity(names: names, cephTenant: cephTenant)
    }
}

extension BucketIdentity.ServiceHost {
    init(_ host: Host) {
        if host.isLoopback || host.address?.isUnspecified == true {
            self = .thisMachine
        } else if let address = host.address {
            self = .address(address.unmapped.bytes)
        } else {
            self = .name(host.text)
        }
    }
}

extension Host {
    /// The host after a first part and its dot; nil if the host does not begin so.
    fileprivate func subdomain(of part: String) -> Host? {
        guard address == nil, text.hasPrefix("\(part).") else { return nil }
        return Host(text.dropFirst(part.count + 1))
    }

    /// The host divided at each of its dots; empty for an address.
    fileprivate var subdomains: [(front: String, rest: Host)] {
        guard address == nil else { return [] }
        return text.indices.lazy.filter { text[$0] == "." }.compactMap { dot in
            Host(text[text.index(after: dot)...]).map { (String(text[..<dot]), $0) }
        }
    }
}

/// A host name of S3 on AWS, in lower case.
///
/// The forms are those of "Amazon Simple Storage Service endpoints and quotas" and "Methods for accessing a general purpose bucket"
/// in AWS's documentation: `s3`, `s3-fips`, `s3-accelerate` and the older `s3-REGION`; then `dualstack`, the region, and `vpce` for an
/// interface endpoint. A bucket may be in front of each.
struct AWSHost {
    /// The bucket in front of the service's name; nil if there is none.
    let bucket: String?
    /// Whether the name is known to be S3's.
    let isS3: Bool

    /// Returns nil for a host that is not AWS's, or that is a machine of one of its customers.
    init?(_ host: String) {
        guard let suffix = Partition.suffix(of: host) else { return nil }
        let labels = host.utf8.dropLast(suffix.utf8.count).split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
        guard let place = labels.lastIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }), Self.isS3(labels[place...]) else {
            // Load balancers and machines in EC2.
            guard !labels.contains(where: { ["elb", "compute", "compute-1"].contains($0) }) else { return nil }
            (bucket, isS3) = (nil, false)
            return
        }
        isS3 = true
        var front = labels[..<place]
        if labels.last == "vpce" {
            // bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com
            front = front.dropLast().last == "bucket" ? front.dropLast(2) : []
        }
        bucket = front.isEmpty ? nil : front.joined(separator: ".")
    }

    /// - Parameter labels: from the service's on
    private static func isS3(_ labels: ArraySlice<String>) -> Bool {
        var rest = labels.dropFirst()
        if rest.first == "dualstack" { rest = rest.dropFirst() }
        if let region = rest.first, RegionName.isAWS(region) { rest = rest.dropFirst() }
        if rest.first == "vpce" { rest = rest.dropFirst() }
        return rest.isEmpty
    }
}
