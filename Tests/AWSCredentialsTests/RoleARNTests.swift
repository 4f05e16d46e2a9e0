// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

struct RoleARNTests {
    @Test(arguments: [
        ("arn:aws:iam::123456789012:role/x", "aws"), ("arn:aws-cn:iam::123456789012:role/a/b", "aws-cn"),
        ("arn:aws-eusc:iam::123456789012:role/x", "aws-eusc"), ("arn:aws:iam:::role/x", "aws"),
        ("arn:aws:iam::RGW12345678901234567:role/x", "aws"),
    ])
    func `a role ARN of IAM is accepted, with the account ids of Ceph`(text: String, partition: String) throws {
        let arn = try #require(RoleARN(text))
        #expect(arn.isIAMRole)
        #expect(arn.partition == partition)
    }

    @Test(arguments: [
        "arn:minio:iam:::role/dummy", "arn:xxx:xxx:xxx:xxxx", "arn:aws:iam::123456789012:user/x",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::1234567890123:role/x", "arn:aws:iam::RGW1234567890123456:role/x",
        "arn:aws:iam:eu-west-1:123456789012:role/x",
        "arn:aws:sts::123456789012:role/x", "arn:aws:iam::123456789012:role/x:y",
    ])
    func `an ARN that only STS accepts is refused in a rule file`(text: String) throws {
        let arn = try #require(RoleARN(text))
        #expect(!arn.isIAMRole)
    }

    @Test(arguments: [
        "", "arn:aws:iam:::role/", "xarn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/é", "arn:aws:iam::123456789012:role/" + String(repeating: "x", count: 2018),
    ])
    func `an ARN that STS does not accept is refused`(text: String) {
        #expect(RoleARN(text) == nil)
    }

    @Test(arguments: [
        ("ab", true), ("a", false), ("", false), ("acme/42+=@:.,-_", true), ("a b", false), ("é!", false), ("a#", false),
        (String(repeating: "a", count: 1224), true), (String(repeating: "a", count: 1225), false),
    ])
    func `an external id has the characters and the length that STS accepts`(text: String, isTaken: Bool) {
        #expect(AssumedRole.isExternalID(text) == isTaken)
    }
}
