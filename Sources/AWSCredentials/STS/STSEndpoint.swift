// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

/// The endpoint of the AWS Security Token Service, and the region that its requests are signed for.
struct STSEndpoint: Sendable, Equatable {
    /// The whole URL, with its path.
    let url: String
    /// The value of the `Host` header: with the port, unless it is the scheme's default.
    let host: String
    /// The path, which needs no encoding; at least `/`.
    let path: String
    /// The region in the scope of signatures.
    let region: String
    /// A PEM file of the certificate authorities to trust instead of the system's.
    let authorities: String?

    private static let globalHost = "sts.amazonaws.com"
    private static let globalRegion = "us-east-1"

    /// An endpoint of AWS.
    private init(awsHost host: String, region: String, authorities: String?) {
        url = "https://\(host)/"
        self.host = host
        path = "/"
        self.region = region
        self.authorities = authorities
    }

    /// A configured endpoint.
    /// - Parameter name: the name of the setting that contains the URL, for error messages
    init(url text: String, region: String, authorities: String?, name: String) throws(CredentialError) {
        guard let url = try? HTTPURL(text), url.query == nil, url.fragment == nil, Self.isPlain(path: url.path) else {
            throw .configuration(
                "\(name) must be an http or https URL without user name, password, query, fragment and escapes in its path")
        }
        guard url.isProtected else {
            throw .configuration("\(name) is not encrypted: use https, or a loopback address")
        }
        path = url.path.isEmpty ? "/" : url.path
        host = url.hostField
        self.url = "\(url.scheme.rawValue)://\(host)\(path)"
        self.region = region
        self.authorities = authorities
    }

    /// Whether SigV4 signs the path unchanged, because nothing in it needs to be encoded or normalised.
    private static func isPlain(path: String) -> Bool {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        return path.utf8.allSatisfy { $0.isASCIILetterOrDigit || "/-._~".utf8.contains($0) }
            && segments.dropLast().allSatisfy { !$0.isEmpty }
            && !segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    }
}

extension STSEndpoint {
    /// Returns the endpoint that AWS's libraries would use.
    ///
    /// The endpoint is the first of `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`, the profile's, and AWS's own in the region. The
    /// region is the first of `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's and the fallback; without any, the endpoint is the
    /// global one.
    /// - Parameters:
    ///   - profile: the settings of the profile in use
    ///   - fallbackRegion: the region of the store
    static func resolve(
        _ context: ProviderContext, profile: ProfileSettings, fallbackRegion: String?
    ) throws(CredentialError) -> STSEndpoint {
        let authorities = context.variable("AWS_CA_BUNDLE") ?? profile.caBundle
        let named = try region(context, profile)
        if let (url, name) = configuredURL(context, profile) {
            let region = named?.region ?? fallbackRegion ?? globalRegion
            return try STSEndpoint(url: url, region: region, authorities: authorities, name: name)
        }
        if let named, Partition(region: named.region) == nil, named.region != "aws-global" {
            throw .configuration(
                "\(named.name) is not one of AWS's regions, so its STS is not known: correct it, or set AWS_ENDPOINT_URL_STS")
        }
        let isLegacy = try isLegacy(context, profile)
        guard let region = named?.region ?? fallbackRegion, let partition = Partition(region: region),
            !(isLegacy && legacyRegions.contains(region))
        else {
            let host = isFIPS(context, profile) ? "sts-fips.\(globalRegion).amazonaws.com" : globalHost
            return STSEndpoint(awsHost: host, region: globalRegion, authorities: authorities)
        }
        // In AWS GovCloud, every endpoint of STS uses FIPS 140.
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
        let isName = region.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-_.".utf8.contains($0) }
        guard isName, region.utf8.count <= 64 else {
            throw .configuration("\(name) is not the name of a region: write one like eu-west-1")
        }
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
                "AWS_STS_REGIONAL_ENDPOINTS, or sts_regional_endpoints of the AWS profile, must be regional or legacy")
        }
    }

    /// The regions from before 2019, for which `legacy` means the global endpoint (botocore's args.py).
    private static let legacyRegions: Set = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ]
}
