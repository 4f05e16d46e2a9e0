// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A profile's regions and endpoints; nil for those that it does not set. Variables of the environment, which take precedence over
/// all of these, are not read here.
struct ProfileSettings: Sendable, Equatable {
    /// `region`
    let region: String?
    /// `sts_regional_endpoints`: `legacy` or `regional`
    let stsRegionalEndpoints: String?
    /// `endpoint_url` of `sts` in the section that `services` names
    let stsEndpointURL: String?
    /// `endpoint_url` of the profile, for all services
    let endpointURL: String?
    /// `ignore_configured_endpoint_urls`: neither the two above nor those of the environment are used
    let ignoresEndpointURLs: Bool
    /// `ca_bundle`: a file of certificates
    let caBundle: String?
    /// `use_fips_endpoint`
    let usesFIPSEndpoint: Bool
    /// `ec2_metadata_service_endpoint`
    let metadataServiceEndpoint: String?
    /// `ec2_metadata_service_endpoint_mode`: `ipv4` or `ipv6`
    let metadataServiceEndpointMode: String?

    /// Reads the settings of a profile, of which there are none if it does not exist.
    init(of profile: String, in shared: SharedConfiguration) throws(CredentialError) {
        let profile = shared.reader(of: ExactString(profile))
        region = try profile.nonEmptyLine("region")
        stsRegionalEndpoints = try profile.nonEmptyLine("sts_regional_endpoints")
        stsEndpointURL = try Self.endpointURL(of: "sts", for: profile, in: shared)
        endpointURL = try profile.nonEmptyLine("endpoint_url")
        ignoresEndpointURLs = try Self.isTrue("ignore_configured_endpoint_urls", of: profile)
        caBundle = try profile.nonEmptyLine("ca_bundle")
        usesFIPSEndpoint = try Self.isTrue("use_fips_endpoint", of: profile)
        metadataServiceEndpoint = try profile.nonEmptyLine("ec2_metadata_service_endpoint")
        metadataServiceEndpointMode = try profile.nonEmptyLine("ec2_metadata_service_endpoint_mode")
    }

    private static func endpointURL(
        of service: ExactString, for profile: ProfileReader, in shared: SharedConfiguration
    ) throws(CredentialError) -> String? {
        guard let name = try profile.line("services") else { return nil }
        guard let section = shared.configuration.services[ExactString(name)], !section.isEmpty else {
            throw profile.error(
                "its services \(ProfileReader.quoted(ExactString(name))) does not exist: "
                    + "write [services NAME] into \(shared.configurationPath)"
            )
        }
        switch section[service] {
        case nil: return nil
        case .text: throw profile.error("\(service.text) of its services section has to be a name with indented lines below")
        case .nested(let values): return values["endpoint_url"].flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// botocore reads `true` in upper or lower case, and everything else as false.
    private static func isTrue(_ option: ExactString, of profile: ProfileReader) throws(CredentialError) -> Bool {
        try profile.line(option)?.lowercased() == "true"
    }
}
