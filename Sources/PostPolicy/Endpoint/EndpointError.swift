// SPDX-License-Identifier: Apache-2.0

/// Why a bucket cannot be addressed as it was asked for. ``description`` says what to write instead.
public enum EndpointError: Error, Sendable, Equatable {
    /// The bucket's name breaks S3's rules.
    case bucketInvalid(String, BucketProblem)
    /// The region's name is malformed; `isAWS` says whether it had to be a region of AWS.
    case regionInvalid(String, isAWS: Bool)
    /// The region belongs to a part of AWS whose host names are not known here.
    case partitionUnknown(region: String)
    /// The endpoint is not the plain URL of a store.
    case endpointInvalid(String, URLProblem)
    /// Dual-stack, FIPS and acceleration are host names of AWS and mean nothing at another endpoint.
    case optionsNeedAWS
    /// The region's partition has no such hosts.
    case optionNotInPartition(String, region: String)
    /// Accelerated hosts have no FIPS variant.
    case accelerateWithFIPS
    /// Accelerated hosts carry the bucket in the host name only, which a bucket with dots cannot do.
    case accelerateNeedsVirtualHost(bucket: String)
    /// A bucket cannot stand in front of an IP address.
    case virtualHostNeedsName(host: String)
    /// No wildcard certificate covers the host name of a bucket with dots.
    case virtualHostNeedsDotlessBucket(bucket: String)

    /// What is wrong with a bucket's name.
    public enum BucketProblem: Sendable, Equatable {
        /// Not 3 to 63 bytes.
        case length
        /// Something else than lower-case letters, digits, `-` and `.`.
        case character
        /// A part between dots is empty or begins or ends with `-`.
        case label
        /// It looks like an IPv4 address.
        case address
        /// AWS keeps the prefix or suffix for itself.
        case reserved
    }

    /// What is wrong with an endpoint's URL.
    public enum URLProblem: Sendable, Equatable {
        /// A space, a control or a character beyond ASCII.
        case character
        /// Neither `http://` nor `https://`.
        case scheme
        /// A user name or password.
        case userinfo
        /// A host that is no name and no address.
        case host
        /// A port that is not 1 to 65535.
        case port
        /// A base path with empty segments, `..` or characters that would need encoding.
        case path
        /// A query.
        case query
        /// A fragment.
        case fragment
    }
}
