// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

extension STSEndpoint {
    /// Works out the endpoint as AWS's libraries do.
    ///
    /// The endpoint: `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`, what the profile says, or else AWS's own of the region. The
    /// region: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, the fallback, or else the global endpoint.
    /// - Parameters:
    ///   - profile: what the profile in use says about STS
    ///   - fallback: the region of the store in question
    package static func resolve(
        _ context: ProviderContext, profile: ProfileSettings, fallback: String?
    ) throws(CredentialError) -> STSEndpoint {
        let authorities = context.variable("AWS_CA_BUNDLE") ?? profile.caBundle
        let named = try region(context, profile)
        if let (url, name) = configuredURL(context, profile) {
            let region = named?.region ?? fallback ?? globalRegion
            return try STSEndpoint(url: url, region: region, authorities: authorities, name: name)
        }
        if let named, Partition(region: named.region) == nil, named.region != "aws-global" {
            throw .configuration(
                "\(named.name) is not one of AWS's regions, so there is no STS to ask: correct it, or set AWS_ENDPOINT_URL_STS")
        }
        let isLegacy = try isLegacy(context, profile)
        guard let region = named?.region ?? fallback, let partition = Partition(region: region),
            !(isLegacy && legacyRegions.contains(region))
        else {
            let host = isFIPS(context, profile) ? "sts-fips.\(globalRegion).amazonaws.com" : globalHost
            return STSEndpoint(awsHost: host, region: globalRegion, authorities: authorities)
        }
        // In AWS GovCloud, every endpoint of STS is one of FIPS 140.
        let prefix = isFIPS(context, profile) && partition != .usGov ? "sts-fips" : "sts"
        return STSEndpoint(awsHost: "\(prefix).\(region).\(partition.suffix)", region: region, authorities: authorities)
    }

    private static func region(
        _ context: ProviderContext, _ profile: ProfileSettings
    ) throws(CredentialError) -> (region: String, name: String)? {
        let named =
            context.variable("AWS_REGION").map { ($0, "AWS_REGION") }
            ?? context.variable("AWS_DEFAULT_REGION").map { ($0, "AWS_DEFAULT_REGION") }
            ?? profile.region.map { ($0, "region of the AWS profile") }
        guard let (region, name) = named else { return nil }
        let isPossible = region.utf8.allSatisfy {
            $0.isASCIILetterOrDigit || "-_.".utf8.contains($0)
        }
        guard isPossible, region.utf8.count <= 64 else { throw .configuration("\(name) is no name of a region") }
        return (region, name)
    }

    private static func configuredURL(_ context: ProviderContext, _ profile: ProfileSettings) -> (url: String, name: String)? {
        let isSet = context.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != nil
        if isSet ? context.isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") : profile.ignoresEndpointURLs { return nil }
        for name in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
            if let url = context.variable(name) { return (url, name) }
        }
        return (profile.stsEndpointURL ?? profile.endpointURL).map { ($0, "endpoint_url of the AWS profile") }
    }

    private static func isFIPS(_ context: ProviderContext, _ profile: ProfileSettings) -> Bool {
        context.variable("AWS_USE_FIPS_ENDPOINT") != nil ? context.isTrue("AWS_USE_FIPS_ENDPOINT") : profile.usesFIPSEndpoint
    }

    private static func isLegacy(_ context: ProviderContext, _ profile: ProfileSettings) throws(CredentialError) -> Bool {
        switch (context.variable("AWS_STS_REGIONAL_ENDPOINTS") ?? profile.stsRegionalEndpoints)?.lowercased() {
        case nil, "regional": return false
        case "legacy": return true
        default:
            throw .configuration(
                "AWS_STS_REGIONAL_ENDPOINTS, or sts_regional_endpoints of the AWS profile, is neither regional nor legacy")
        }
    }

    /// The regions of before 2019, which `legacy` sends to the global endpoint (botocore's args.py).
    private static let legacyRegions: Set = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ]
}
