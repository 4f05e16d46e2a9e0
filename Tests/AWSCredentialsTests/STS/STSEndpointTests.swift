// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

struct STSEndpointTests {
    private typealias Regional = (variables: [String: String], config: String, fallback: String?, url: String, region: String)
    private static let regional: [Regional] = [
        ([:], "", nil, "https://sts.amazonaws.com/", "us-east-1"),
        (["AWS_REGION": "eu-central-1"], "", nil, "https://sts.eu-central-1.amazonaws.com/", "eu-central-1"),
        (["AWS_DEFAULT_REGION": "eu-central-1"], "", nil, "https://sts.eu-central-1.amazonaws.com/", "eu-central-1"),
        (
            ["AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "x-y-1"], "", nil, "https://sts.us-west-2.amazonaws.com/",
            "us-west-2"
        ),
        ([:], "[default]\nregion = ap-south-2", nil, "https://sts.ap-south-2.amazonaws.com/", "ap-south-2"),
        ([:], "[default]\nregion = ap-south-2", "eu-west-1", "https://sts.ap-south-2.amazonaws.com/", "ap-south-2"),
        ([:], "", "eu-west-1", "https://sts.eu-west-1.amazonaws.com/", "eu-west-1"),
        ([:], "", "eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
        ([:], "", "garage", "https://sts.amazonaws.com/", "us-east-1"),
        (["AWS_REGION": "aws-global"], "", nil, "https://sts.amazonaws.com/", "us-east-1"),
        (["AWS_REGION": "cn-north-1"], "", nil, "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        (["AWS_REGION": "us-gov-west-1"], "", nil, "https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
        (["AWS_REGION": "us-iso-east-1"], "", nil, "https://sts.us-iso-east-1.c2s.ic.gov/", "us-iso-east-1"),
        (["AWS_REGION": "us-isob-east-1"], "", nil, "https://sts.us-isob-east-1.sc2s.sgov.gov/", "us-isob-east-1"),
        (["AWS_REGION": "eu-isoe-west-1"], "", nil, "https://sts.eu-isoe-west-1.cloud.adc-e.uk/", "eu-isoe-west-1"),
        (["AWS_REGION": "us-isof-south-1"], "", nil, "https://sts.us-isof-south-1.csp.hci.ic.gov/", "us-isof-south-1"),
        (["AWS_REGION": "eusc-de-east-1"], "", nil, "https://sts.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
        (
            ["AWS_REGION": "eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS": "legacy"], "", nil, "https://sts.amazonaws.com/",
            "us-east-1"
        ),
        (
            ["AWS_REGION": "eu-south-1", "AWS_STS_REGIONAL_ENDPOINTS": "Legacy"], "", nil,
            "https://sts.eu-south-1.amazonaws.com/", "eu-south-1"
        ),
        (
            ["AWS_REGION": "eu-west-1"], "[default]\nsts_regional_endpoints = legacy", nil, "https://sts.amazonaws.com/",
            "us-east-1"
        ),
        (
            ["AWS_REGION": "eu-west-1", "AWS_USE_FIPS_ENDPOINT": "true"], "", nil, "https://sts-fips.eu-west-1.amazonaws.com/",
            "eu-west-1"
        ),
        (
            ["AWS_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"], "", nil, "https://sts.us-gov-west-1.amazonaws.com/",
            "us-gov-west-1"
        ),
    ]

    private static let configured: [(variables: [String: String], config: String, url: String)] = [
        (["AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_ENDPOINT_URL": "https://all.example"], "", "https://sts.example/"),
        (["AWS_ENDPOINT_URL": "https://all.example:8443/"], "", "https://all.example:8443/"),
        (["AWS_ENDPOINT_URL": "https://ALL.example:443"], "", "https://all.example/"),
        (["AWS_ENDPOINT_URL": "http://[::1]:80"], "", "http://[::1]/"),
        (["AWS_ENDPOINT_URL": "http://[0:0:0:0:0:0:0:1]:443"], "", "http://[0:0:0:0:0:0:0:1]:443/"),
        (["AWS_ENDPOINT_URL": "http://[::1]:8000/a/b"], "", "http://[::1]:8000/a/b"),
        ([:], "[default]\nendpoint_url = https://profile.example", "https://profile.example/"),
        (
            [:],
            "[default]\nservices = s\nendpoint_url = https://profile.example\n[services s]\nsts =\n  endpoint_url = https://s.example",
            "https://s.example/"
        ),
        (
            ["AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], "",
            "https://sts.amazonaws.com/"
        ),
        (
            ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"], "[default]\nendpoint_url = https://profile.example",
            "https://sts.amazonaws.com/"
        ),
    ]

    private static func resolve(
        _ variables: [String: String], config: String = "", fallback: String? = nil
    ) throws(CredentialError) -> STSEndpoint {
        let context = FakeServices(files: ["/home/postern/.aws/config": config]).context(variables)
        return try STSEndpoint.resolve(context, profile: try context.search.settings(), fallbackRegion: fallback)
    }

    @Test(arguments: regional)
    func `AWS's endpoint follows the region and its partition`(
        variables: [String: String], config: String, fallback: String?, url: String, region: String
    ) throws {
        let endpoint = try Self.resolve(variables, config: config, fallback: fallback)
        #expect(endpoint.url == url)
        #expect(endpoint.region == region)
    }

    @Test(arguments: configured)
    func `a configured endpoint goes first`(variables: [String: String], config: String, url: String) throws {
        #expect(try Self.resolve(variables, config: config).url == url)
    }

    @Test func `the STS of another store may have any region`() throws {
        let variables = ["AWS_ENDPOINT_URL_STS": "https://rgw.example"]
        #expect(try Self.resolve(variables, fallback: "garage").region == "garage")
        #expect(try Self.resolve(variables).region == "us-east-1")
        #expect(try Self.resolve(variables.merging(["AWS_REGION": "default"]) { $1 }).region == "default")
    }

    @Test func `the authorities are those of the environment or the profile`() throws {
        #expect(try Self.resolve(["AWS_CA_BUNDLE": "/a.pem"], config: "[default]\nca_bundle = /b.pem").authorities == "/a.pem")
        #expect(try Self.resolve([:], config: "[default]\nca_bundle = /b.pem").authorities == "/b.pem")
    }

    @Test(arguments: [
        ["AWS_ENDPOINT_URL_STS": "http://sts.example"], ["AWS_ENDPOINT_URL": "sts.example"],
        ["AWS_ENDPOINT_URL": "https://a/?b"],
        ["AWS_ENDPOINT_URL": "https://a/#b"], ["AWS_ENDPOINT_URL": "https://u:CANARY@a/"],
        ["AWS_ENDPOINT_URL": "https://a/../b"],
        ["AWS_ENDPOINT_URL": "https://a//b"], ["AWS_ENDPOINT_URL": "https://a/%41"],
        ["AWS_ENDPOINT_URL": "http://127.0.0.1.example/"],
        ["AWS_REGION": "garage"], ["AWS_REGION": "eu-west-1.evil.example/"], ["AWS_REGION": "eu-west-1@evil"],
        ["AWS_REGION": "EU-WEST-1"], ["AWS_REGION": "us-isox-east-1"],
        ["AWS_REGION": "eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS": "global"],
    ])
    func `an endpoint that is unprotected or invalid is a configuration error`(variables: [String: String]) async {
        let found = await problem { () throws(CredentialError) in try Self.resolve(variables) }
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains(canary) == false)
    }
}
