// SPDX-License-Identifier: Apache-2.0

/// Where a bucket takes POST uploads: on AWS, or at any S3-compatible store.
///
/// On AWS the host follows from region and options in every partition. A bucket with dots is
/// addressed by path there, since no wildcard certificate covers its host name. Any other store is named by its own URL,
/// whose port and base path are kept, and is addressed by path unless said otherwise.
public struct StoreEndpoint: Sendable, Hashable {
    /// The bucket.
    public let bucket: String
    /// The region that stands in the credential scope.
    public let region: String
    /// The URL to post to. It ends in `/`, so that `url` + key is the object's URL.
    public let url: String
    /// The URL's host, with its port where it names one.
    public var host: String {
        let behindScheme = url.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        return String(Substring(behindScheme.prefix { $0 != UInt8(ascii: "/") }))
    }

    /// Works out and checks the URL.
    /// - Parameters:
    ///   - bucket: a name by S3's rules for buckets.
    ///   - region: an AWS region such as `eu-west-1`; with `endpoint`, whatever the store calls its region.
    ///   - endpoint: the URL of a store other than AWS, `http` or `https`, with a port and a base path if need be.
    ///   - addressing: where the bucket's name stands; nil chooses.
    ///   - options: AWS's other host names.
    /// - Throws: ``EndpointError``, which says what to write instead.
    public init(
        bucket: String, region: String, endpoint: String? = nil, addressing: Addressing? = nil, options: Options = []
    ) throws(EndpointError) {
        try BucketName.check(bucket)
        let base: EndpointURL
        let isPath: Bool
        if let endpoint {
            try RegionName.check(region)
            guard options.isEmpty else { throw .optionsNeedAWS }
            base = try EndpointURL(parsing: endpoint)
            isPath = addressing != .virtualHost
        } else {
            base = EndpointURL(awsHost: try Self.awsHost(region: region, options: options))
            isPath = addressing == .path || (addressing == nil && bucket.utf8.contains(UInt8(ascii: ".")))
            if isPath, options.contains(.accelerate) { throw .accelerateNeedsVirtualHost(bucket: bucket) }
        }
        if !isPath {
            guard base.takesSubdomains else { throw .virtualHostNeedsName(host: base.host) }
            guard !base.isHTTPS || !bucket.utf8.contains(UInt8(ascii: ".")) else {
                throw .virtualHostNeedsDotlessBucket(bucket: bucket)
            }
        }
        self.bucket = bucket
        self.region = region
        let host = isPath ? base.authority : "\(bucket).\(base.authority)"
        self.url = "\(base.scheme)://\(host)\(base.path)/" + (isPath ? "\(bucket)/" : "")
    }
}
