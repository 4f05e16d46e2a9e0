// SPDX-License-Identifier: Apache-2.0

/// Why a bucket cannot be addressed as requested.
///
/// ``message`` says what is wrong, ``advice`` what to write instead, and ``description`` is both.
public enum EndpointError: Error, Sendable, Equatable {
    /// The bucket's name breaks S3's rules.
    case bucketInvalid(String, BucketProblem)
    /// The region's name is malformed; `isAWS` says whether it had to be a region of AWS.
    case regionInvalid(String, isAWS: Bool)
    /// The region belongs to a partition of AWS for which this library has no host names.
    case partitionUnknown(region: String)
    /// The endpoint is not the plain URL of a store.
    case endpointInvalid(String, URLProblem)
    /// Dual-stack, FIPS and acceleration are host names of AWS; other endpoints do not have them.
    case optionsNeedAWS
    /// The region's partition has no such hosts. The first value is the option's name.
    case optionNotInPartition(String, region: String)
    /// Accelerated hosts have no FIPS variant.
    case accelerateWithFIPS
    /// Accelerated hosts have the bucket in the host name only, and this bucket's name has dots or was to be in the path.
    case accelerateNeedsVirtualHost(bucket: String)
    /// AWS has no host that is a bucket without its name.
    case hostNeedsEndpoint
    /// The endpoint was said to be a bucket, and is S3 itself.
    case hostIsNoBucket
    /// The endpoint is another bucket on AWS, with this name.
    case hostIsOtherBucket(String)
    /// The endpoint's host on AWS has a bucket's name already.
    case endpointHasBucket(String)
    /// The bucket's name, by older or other rules, cannot be part of a host name.
    case virtualHostNeedsHostName(bucket: String)
    /// A bucket cannot be a subdomain of an IP address.
    case virtualHostNeedsName(host: String)
    /// No wildcard certificate covers the host name of a bucket with dots.
    case virtualHostNeedsDotlessBucket(bucket: String)

    /// What is wrong with a bucket's name.
    public enum BucketProblem: Sendable, Equatable {
        /// It does not have 3 to 63 bytes.
        case length
        /// It has a character other than lower-case letters, digits, `-` and `.`.
        case character
        /// A part between dots is empty, or begins or ends with `-`.
        case label
        /// It looks like an IPv4 address.
        case address
        /// It has a prefix or suffix that is reserved by AWS.
        case reserved
    }

    /// What is wrong with an endpoint's URL.
    public enum URLProblem: Sendable, Equatable {
        /// It has a space, a control or a character that is not ASCII.
        case character
        /// It begins with neither `http://` nor `https://`.
        case scheme
        /// It has a user name or password.
        case userinfo
        /// Its host is neither a name nor an address.
        case host
        /// Its port is not 1 to 65535.
        case port
        /// Its base path has empty segments, `..` or characters that would need encoding.
        case path
        /// It has a query.
        case query
        /// It has a fragment.
        case fragment
    }
}

extension EndpointError {
    /// What is wrong, without a full stop.
    public var message: String {
        switch self {
        case .bucketInvalid(let name, _):
            "the bucket name \(name.debugDescription) is not valid"
        case .regionInvalid(let region, true):
            "\(region.debugDescription) is not a region of AWS"
        case .regionInvalid(let region, false):
            "the region \(region.debugDescription) is not valid"
        case .partitionUnknown(let region):
            "the host names of the region \(region.debugDescription) are not known here"
        case .endpointInvalid(let text, _):
            "the endpoint \(text.debugDescription) is not valid"
        case .optionsNeedAWS:
            "dual-stack, FIPS and acceleration are hosts of AWS"
        case .optionNotInPartition(let option, let region):
            "AWS has no \(option) hosts for the region \(region.debugDescription)"
        case .accelerateWithFIPS:
            "accelerated hosts have no FIPS variant"
        case .accelerateNeedsVirtualHost:
            "accelerated hosts carry the bucket in the host name"
        case .hostNeedsEndpoint:
            "addressing \"host\" means that the endpoint is the bucket, and there is no endpoint"
        case .hostIsNoBucket:
            "addressing \"host\" means that the endpoint is the bucket, and this endpoint is S3 itself"
        case .hostIsOtherBucket(let bucket):
            "the endpoint is the bucket \(bucket.debugDescription)"
        case .endpointHasBucket(let bucket):
            "the endpoint is the bucket \(bucket.debugDescription) and not a store"
        case .virtualHostNeedsHostName(let bucket):
            "the bucket name \(bucket.debugDescription) cannot be part of a host name"
        case .virtualHostNeedsName(let host):
            "a bucket name cannot be put in front of the address \(host)"
        case .virtualHostNeedsDotlessBucket(let bucket):
            "no wildcard certificate covers a bucket with dots such as \(bucket.debugDescription)"
        }
    }

    /// What to write instead, without a full stop.
    public var advice: String {
        switch self {
        case .bucketInvalid(_, let problem): problem.advice
        case .regionInvalid(_, true): "write for example \"eu-west-1\", or name the store's endpoint"
        case .regionInvalid(_, false): "use 1 to 64 letters, digits, '-', '_' and '.'"
        case .partitionUnknown: "name the endpoint, \"https://s3.…\""
        case .endpointInvalid(_, let problem): problem.advice
        case .optionsNeedAWS: "leave them out, or leave out the endpoint"
        case .optionNotInPartition(let option, _): "leave \(option) out"
        case .accelerateWithFIPS: "choose one of the two"
        case .accelerateNeedsVirtualHost(let bucket):
            "use virtual addressing and a bucket without dots, not \(bucket.debugDescription)"
        case .hostNeedsEndpoint: "name the bucket's own host as the endpoint, \"https://files.example.net\""
        case .hostIsNoBucket: "leave addressing out"
        case .hostIsOtherBucket(let bucket): "write bucket \(bucket.debugDescription), or another endpoint"
        case .endpointHasBucket: "leave the endpoint out, or write addressing \"host\""
        case .virtualHostNeedsName, .virtualHostNeedsDotlessBucket, .virtualHostNeedsHostName: "write addressing \"path\""
        }
    }
}

extension EndpointError: CustomStringConvertible {
    /// A plain sentence that says what is wrong and what to write instead.
    public var description: String { "\(message): \(advice)" }
}

extension EndpointError.BucketProblem {
    fileprivate var advice: String {
        switch self {
        case .length: "use 3 to 63 characters"
        case .character: "use lower-case letters, digits, '-' and '.'"
        case .label: "begin and end each part between dots with a letter or a digit"
        case .address: "it must not look like an IP address"
        case .reserved: "choose another name: AWS reserves this prefix or suffix"
        }
    }
}

extension EndpointError.URLProblem {
    fileprivate var advice: String {
        switch self {
        case .character: "use visible ASCII only"
        case .scheme: "begin with https:// or http://"
        case .userinfo: "leave out the user and password; credentials are named elsewhere"
        case .host: "name a host, for example \"https://s3.example.net\""
        case .port: "give a port from 1 to 65535, or none"
        case .path: "use a base path of letters, digits, '-', '.', '_' and '~' between single slashes"
        case .query: "leave out the query"
        case .fragment: "leave out the fragment"
        }
    }
}
