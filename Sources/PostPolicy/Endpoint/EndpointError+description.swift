// SPDX-License-Identifier: Apache-2.0

extension EndpointError: CustomStringConvertible {
    /// A plain sentence that says what is wrong and what to write instead.
    public var description: String {
        switch self {
        case .bucketInvalid(let name, let problem):
            "the bucket name \(name.debugDescription) is not possible: \(problem.advice)"
        case .regionInvalid(let region, true):
            "\(region.debugDescription) is not a region of AWS: write for example \"eu-west-1\", or name the store's endpoint"
        case .regionInvalid(let region, false):
            "the region \(region.debugDescription) is not possible: use 1 to 64 letters, digits, '-', '_' and '.'"
        case .partitionUnknown(let region):
            "the host names of the region \(region.debugDescription) are not known here: name the endpoint, \"https://s3.…\""
        case .endpointInvalid(let text, let problem):
            "the endpoint \(text.debugDescription) is not possible: \(problem.advice)"
        case .optionsNeedAWS:
            "dual-stack, FIPS and acceleration are hosts of AWS: leave them out, or leave out the endpoint"
        case .optionNotInPartition(let option, let region):
            "AWS has no \(option) hosts for the region \(region.debugDescription): leave \(option) out"
        case .accelerateWithFIPS:
            "accelerated hosts have no FIPS variant: choose one of the two"
        case .accelerateNeedsVirtualHost(let bucket):
            "accelerated hosts carry the bucket in the host name: use virtual addressing and a bucket without dots, not \(bucket.debugDescription)"
        case .virtualHostNeedsName(let host):
            "a bucket cannot stand in front of the address \(host): write addressing \"path\""
        case .virtualHostNeedsDotlessBucket(let bucket):
            "no wildcard certificate covers a bucket with dots such as \(bucket.debugDescription): write addressing \"path\""
        }
    }
}

extension EndpointError.BucketProblem {
    fileprivate var advice: String {
        switch self {
        case .length: "use 3 to 63 characters"
        case .character: "use lower-case letters, digits, '-' and '.'"
        case .label: "begin and end each part between dots with a letter or a digit"
        case .address: "it must not look like an IP address"
        case .reserved: "AWS keeps this prefix or suffix for itself"
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
