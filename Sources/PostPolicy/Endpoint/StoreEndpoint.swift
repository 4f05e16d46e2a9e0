// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Where a bucket accepts POST uploads: on AWS, or at an S3-compatible store.
///
/// On AWS the host follows from region and options, in every partition. A bucket with dots is addressed by path there, because
/// no wildcard certificate covers its host name; so is one whose name, by older rules, no host name can have. Any other store is named by its URL, including port and base path, and is
/// addressed by path unless `addressing` says otherwise.
public struct StoreEndpoint: Sendable, Hashable {
    /// The bucket.
    public let bucket: String
    /// The region, as it appears in the credential scope.
    public let region: String
    /// The URL to post to. It ends in `/`, so that `url` + key is the object's URL.
    public let url: String
    /// Which bucket it is, for the comparison with others.
    package let identity: BucketIdentity
    /// The bucket as rule files name it: Ceph's `TENANT:BUCKET` if the address names a tenant of Ceph.
    package var fullBucket: String { identity.cephTenant.map { "\($0):\(bucket)" } ?? bucket }
    /// The URL's host, followed by `:` and the port if the URL has one.
    public var host: String {
        let behindScheme = url.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        return String(Substring(behindScheme.prefix { $0 != UInt8(ascii: "/") }))
    }

    /// Checks a bucket's address and determines its URL.
    /// - Parameters:
    ///   - bucket: a name by S3's rules for general purpose buckets: 3 to 63 characters. In `us-east-1`, and with `endpoint`, also 3
    ///     to 255 letters, digits, `-`, `_` and `.`. With `endpoint` and `path`, Ceph's `TENANT:BUCKET` too.
    ///   - region: an AWS region such as `eu-west-1`; with `endpoint`, the store's own name for its region.
    ///   - endpoint: the `http` or `https` URL of a store other than AWS, optionally with a port and a base path.
    ///   - addressing: where the URL has the bucket's name; nil for the default that suits the endpoint.
    ///   - options: AWS's other host names.
    /// - Throws: ``EndpointError``, which says what to write instead.
    public init(
        bucket: String, region: String, endpoint: String? = nil, addressing: Addressing? = nil, options: Options = []
    ) throws(EndpointError) {
        self.region = region
        if let endpoint {
            let style = addressing ?? .path
            let (tenant, name) = style == .path ? Self.splitTenant(bucket) : (nil, bucket)
            try BucketName.check(name, .foreign)
            try RegionName.check(region)
            guard options.isEmpty else { throw .optionsNeedAWS }
            let base = try EndpointURL(parsing: endpoint)
            if base.awsHost != nil { try BucketName.check(bucket, .foreign) }
            self.bucket = name
            if let host = base.awsHost { try Self.check(host, bucket: bucket, style) }
            if style == .virtualHost {
                guard base.host.address == nil else { throw .virtualHostNeedsName(host: base.host.bracketed) }
                try Self.checkVirtualHost(bucket, isHTTPS: base.isHTTPS)
            }
            url = Self.url(scheme: base.scheme, authority: base.authority, path: base.path, bucket: bucket, style)
            identity = BucketIdentity(name, ofCephTenant: tenant, at: base, style)
        } else {
            try BucketName.check(bucket, region == Self.olderNamesRegion ? .older : .current)
            self.bucket = bucket
            let host = try Self.awsHost(region: region, options: options)
            let fitsHost = BucketName.isHostName(bucket) && !bucket.utf8.contains(UInt8(ascii: "."))
            let style = addressing ?? (fitsHost ? .virtualHost : .path)
            switch style {
            case .virtualHost: try Self.checkVirtualHost(bucket, isHTTPS: true)
            case .path where options.contains(.accelerate): throw .accelerateNeedsVirtualHost(bucket: bucket)
            case .path: break
            case .host: throw .hostNeedsEndpoint
            }
            url = Self.url(scheme: "https", authority: host, path: "", bucket: bucket, style)
            identity = BucketIdentity(onAWS: bucket)
        }
    }

    /// Splits Ceph's `TENANT:BUCKET`. Any other text is a bucket without a tenant.
    ///
    /// Ceph finds the bucket of a tenant by such a path, and compares the policy with the bucket alone.
    private static func splitTenant(_ text: String) -> (tenant: String?, bucket: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
            parts[0].utf8.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") })
        else { return (nil, text) }
        return (String(parts[0]), String(parts[1]))
    }

    private static func url(scheme: String, authority: String, path: String, bucket: String, _ style: Addressing) -> String {
        let host = style == .virtualHost ? "\(bucket).\(authority)" : authority
        return "\(scheme)://\(host)\(path)/" + (style == .path ? "\(bucket)/" : "")
    }

    private static func checkVirtualHost(_ bucket: String, isHTTPS: Bool) throws(EndpointError) {
        guard BucketName.isHostName(bucket) else { throw .virtualHostNeedsHostName(bucket: bucket) }
        guard !isHTTPS || !bucket.utf8.contains(UInt8(ascii: ".")) else { throw .virtualHostNeedsDotlessBucket(bucket: bucket) }
    }

    /// Checks an endpoint of AWS: S3 takes an upload to a host with a bucket's name for that bucket, whatever the path is.
    private static func check(_ host: AWSHost, bucket: String, _ style: Addressing) throws(EndpointError) {
        switch (style, host.bucket) {
        case (.host, nil) where host.isS3: throw .hostIsNoBucket
        case (.host, let named?) where named != bucket: throw .hostIsOtherBucket(named)
        case (.path, let named?), (.virtualHost, let named?): throw .endpointHasBucket(named)
        default: break
        }
    }

    /// The region in which AWS gave names by older rules, until March 2018.
    private static let olderNamesRegion = "us-east-1"

    /// Whether a store is AWS itself.
    /// - Parameter endpoint: its URL; nil if it has none
    package static func isAWS(endpoint: String?) -> Bool {
        guard let endpoint else { return true }
        return (try? EndpointURL(parsing: endpoint))?.awsHost != nil
    }

    /// Whether the bucket's name follows the rules for new buckets.
    package var hasCurrentBucketName: Bool { (try? BucketName.check(bucket)) != nil }

    /// AWS's other host names for the same bucket.
    public struct Options: OptionSet, Sendable, Hashable {
        /// The bits of the options.
        public let rawValue: UInt8

        /// Creates options from bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// A host that is reachable over IPv6 and IPv4.
        public static let dualStack = Options(rawValue: 1 << 0)
        /// A host that terminates TLS in FIPS 140 modules; AWS has them in the regions of the USA and Canada.
        public static let fips = Options(rawValue: 1 << 1)
        /// S3 Transfer Acceleration, which must be enabled for the bucket.
        public static let accelerate = Options(rawValue: 1 << 2)
    }
}

/// Where a URL has the bucket's name. The raw values are the words of a rule file.
public enum Addressing: String, Sendable, Hashable, CaseIterable {
    /// In the host: `https://bucket.s3.eu-west-1.amazonaws.com/`.
    case virtualHost = "virtual"
    /// In the first segment of the path: `https://s3.eu-west-1.amazonaws.com/bucket/`.
    case path
    /// Nowhere: the endpoint is the bucket, `https://files.example.net/`.
    case host
}

extension StoreEndpoint {
    /// Returns the host of S3 without the bucket, as AWS's endpoint rules for S3 determine it.
    private static func awsHost(region: String, options: Options) throws(EndpointError) -> String {
        guard RegionName.isAWS(region) else { throw .regionInvalid(region, isAWS: true) }
        guard let partition = Partition(region: region) else { throw .partitionUnknown(region: region) }
        if options.contains(.fips) {
            guard partition.hasFIPS else { throw .optionNotInPartition("fips", region: region) }
            guard !options.contains(.accelerate) else { throw .accelerateWithFIPS }
        }
        guard !options.contains(.dualStack) || partition.hasDualStack else {
            throw .optionNotInPartition("dual-stack", region: region)
        }
        let dualStack = options.contains(.dualStack) ? ".dualstack" : ""
        if options.contains(.accelerate) {
            guard partition.hasAccelerate else { throw .optionNotInPartition("accelerate", region: region) }
            return "s3-accelerate\(dualStack).\(partition.suffix)"
        }
        return "s3\(options.contains(.fips) ? "-fips" : "")\(dualStack).\(region).\(partition.suffix)"
    }
}
