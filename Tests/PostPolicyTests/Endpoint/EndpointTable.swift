// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// What AWS's endpoint rules for S3 resolve to: computed once by botocore 1.43.11 from its `endpoint-rule-set-1` and
/// `partitions` (regional endpoints, `UseGlobalEndpoint` off), with a slash at the end.
enum EndpointTable {
    typealias Row = (bucket: String, region: String, addressing: Addressing, options: StoreEndpoint.Options, url: String)

    static let resolved: [Row] = [
        ("acme-uploads", "eu-west-1", .virtualHost, [], "https://acme-uploads.s3.eu-west-1.amazonaws.com/"),
        ("acme-uploads", "eu-west-1", .virtualHost, [.accelerate], "https://acme-uploads.s3-accelerate.amazonaws.com/"),
        ("acme-uploads", "eu-west-1", .virtualHost, [.fips], "https://acme-uploads.s3-fips.eu-west-1.amazonaws.com/"),
        ("acme-uploads", "eu-west-1", .virtualHost, [.dualStack], "https://acme-uploads.s3.dualstack.eu-west-1.amazonaws.com/"),
        (
            "acme-uploads", "eu-west-1", .virtualHost, [.dualStack, .accelerate],
            "https://acme-uploads.s3-accelerate.dualstack.amazonaws.com/"
        ),
        (
            "acme-uploads", "eu-west-1", .virtualHost, [.dualStack, .fips],
            "https://acme-uploads.s3-fips.dualstack.eu-west-1.amazonaws.com/"
        ),
        ("acme-uploads", "eu-west-1", .path, [], "https://s3.eu-west-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "eu-west-1", .path, [.fips], "https://s3-fips.eu-west-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "eu-west-1", .path, [.dualStack], "https://s3.dualstack.eu-west-1.amazonaws.com/acme-uploads/"),
        (
            "acme-uploads", "eu-west-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.eu-west-1.amazonaws.com/acme-uploads/"
        ),
        ("acme.uploads", "eu-west-1", .path, [], "https://s3.eu-west-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "eu-west-1", .path, [.fips], "https://s3-fips.eu-west-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "eu-west-1", .path, [.dualStack], "https://s3.dualstack.eu-west-1.amazonaws.com/acme.uploads/"),
        (
            "acme.uploads", "eu-west-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.eu-west-1.amazonaws.com/acme.uploads/"
        ),
        ("acme-uploads", "us-east-1", .virtualHost, [], "https://acme-uploads.s3.us-east-1.amazonaws.com/"),
        ("acme-uploads", "us-east-1", .virtualHost, [.accelerate], "https://acme-uploads.s3-accelerate.amazonaws.com/"),
        ("acme-uploads", "us-east-1", .virtualHost, [.fips], "https://acme-uploads.s3-fips.us-east-1.amazonaws.com/"),
        ("acme-uploads", "us-east-1", .virtualHost, [.dualStack], "https://acme-uploads.s3.dualstack.us-east-1.amazonaws.com/"),
        (
            "acme-uploads", "us-east-1", .virtualHost, [.dualStack, .accelerate],
            "https://acme-uploads.s3-accelerate.dualstack.amazonaws.com/"
        ),
        (
            "acme-uploads", "us-east-1", .virtualHost, [.dualStack, .fips],
            "https://acme-uploads.s3-fips.dualstack.us-east-1.amazonaws.com/"
        ),
        ("acme-uploads", "us-east-1", .path, [], "https://s3.us-east-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "us-east-1", .path, [.fips], "https://s3-fips.us-east-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "us-east-1", .path, [.dualStack], "https://s3.dualstack.us-east-1.amazonaws.com/acme-uploads/"),
        (
            "acme-uploads", "us-east-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.us-east-1.amazonaws.com/acme-uploads/"
        ),
        ("acme.uploads", "us-east-1", .path, [], "https://s3.us-east-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "us-east-1", .path, [.fips], "https://s3-fips.us-east-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "us-east-1", .path, [.dualStack], "https://s3.dualstack.us-east-1.amazonaws.com/acme.uploads/"),
        (
            "acme.uploads", "us-east-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.us-east-1.amazonaws.com/acme.uploads/"
        ),
        ("acme-uploads", "cn-north-1", .virtualHost, [], "https://acme-uploads.s3.cn-north-1.amazonaws.com.cn/"),
        (
            "acme-uploads", "cn-north-1", .virtualHost, [.dualStack],
            "https://acme-uploads.s3.dualstack.cn-north-1.amazonaws.com.cn/"
        ),
        ("acme-uploads", "cn-north-1", .path, [], "https://s3.cn-north-1.amazonaws.com.cn/acme-uploads/"),
        ("acme-uploads", "cn-north-1", .path, [.dualStack], "https://s3.dualstack.cn-north-1.amazonaws.com.cn/acme-uploads/"),
        ("acme.uploads", "cn-north-1", .path, [], "https://s3.cn-north-1.amazonaws.com.cn/acme.uploads/"),
        ("acme.uploads", "cn-north-1", .path, [.dualStack], "https://s3.dualstack.cn-north-1.amazonaws.com.cn/acme.uploads/"),
        ("acme-uploads", "us-gov-west-1", .virtualHost, [], "https://acme-uploads.s3.us-gov-west-1.amazonaws.com/"),
        ("acme-uploads", "us-gov-west-1", .virtualHost, [.accelerate], "https://acme-uploads.s3-accelerate.amazonaws.com/"),
        ("acme-uploads", "us-gov-west-1", .virtualHost, [.fips], "https://acme-uploads.s3-fips.us-gov-west-1.amazonaws.com/"),
        (
            "acme-uploads", "us-gov-west-1", .virtualHost, [.dualStack],
            "https://acme-uploads.s3.dualstack.us-gov-west-1.amazonaws.com/"
        ),
        (
            "acme-uploads", "us-gov-west-1", .virtualHost, [.dualStack, .accelerate],
            "https://acme-uploads.s3-accelerate.dualstack.amazonaws.com/"
        ),
        (
            "acme-uploads", "us-gov-west-1", .virtualHost, [.dualStack, .fips],
            "https://acme-uploads.s3-fips.dualstack.us-gov-west-1.amazonaws.com/"
        ),
        ("acme-uploads", "us-gov-west-1", .path, [], "https://s3.us-gov-west-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "us-gov-west-1", .path, [.fips], "https://s3-fips.us-gov-west-1.amazonaws.com/acme-uploads/"),
        ("acme-uploads", "us-gov-west-1", .path, [.dualStack], "https://s3.dualstack.us-gov-west-1.amazonaws.com/acme-uploads/"),
        (
            "acme-uploads", "us-gov-west-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com/acme-uploads/"
        ),
        ("acme.uploads", "us-gov-west-1", .path, [], "https://s3.us-gov-west-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "us-gov-west-1", .path, [.fips], "https://s3-fips.us-gov-west-1.amazonaws.com/acme.uploads/"),
        ("acme.uploads", "us-gov-west-1", .path, [.dualStack], "https://s3.dualstack.us-gov-west-1.amazonaws.com/acme.uploads/"),
        (
            "acme.uploads", "us-gov-west-1", .path, [.dualStack, .fips],
            "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com/acme.uploads/"
        ),
    ]

    /// What botocore refuses to resolve.
    static let refused: [(region: String, addressing: Addressing, options: StoreEndpoint.Options)] = [
        ("eu-west-1", .virtualHost, [.fips, .accelerate]),
        ("eu-west-1", .virtualHost, [.dualStack, .fips, .accelerate]),
        ("eu-west-1", .path, [.accelerate]),
        ("eu-west-1", .path, [.fips, .accelerate]),
        ("eu-west-1", .path, [.dualStack, .accelerate]),
        ("eu-west-1", .path, [.dualStack, .fips, .accelerate]),
        ("cn-north-1", .virtualHost, [.accelerate]),
        ("cn-north-1", .virtualHost, [.fips]),
        ("cn-north-1", .virtualHost, [.fips, .accelerate]),
        ("cn-north-1", .virtualHost, [.dualStack, .accelerate]),
        ("cn-north-1", .virtualHost, [.dualStack, .fips]),
        ("cn-north-1", .virtualHost, [.dualStack, .fips, .accelerate]),
        ("cn-north-1", .path, [.accelerate]),
        ("cn-north-1", .path, [.fips]),
        ("cn-north-1", .path, [.fips, .accelerate]),
        ("cn-north-1", .path, [.dualStack, .accelerate]),
        ("cn-north-1", .path, [.dualStack, .fips]),
        ("cn-north-1", .path, [.dualStack, .fips, .accelerate]),
    ]
}
