// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension SharedConfiguration {
    /// What the profile says besides credentials; a profile that does not exist says nothing.
    package func settings(profile: String) throws(CredentialError) -> ProfileSettings {
        let profile = reader(ExactString(profile))
        return ProfileSettings(
            region: try profile.lineThatSays("region"),
            stsRegionalEndpoints: try profile.lineThatSays("sts_regional_endpoints"),
            stsEndpointURL: try endpointURL(of: "sts", for: profile),
            endpointURL: try profile.lineThatSays("endpoint_url"),
            ignoresEndpointURLs: try isTrue("ignore_configured_endpoint_urls", of: profile),
            caBundle: try profile.lineThatSays("ca_bundle"),
            usesFIPSEndpoint: try isTrue("use_fips_endpoint", of: profile),
            metadataServiceEndpoint: try profile.lineThatSays("ec2_metadata_service_endpoint"),
            metadataServiceEndpointMode: try profile.lineThatSays("ec2_metadata_service_endpoint_mode")
        )
    }

    private func endpointURL(of service: ExactString, for profile: ProfileReader) throws(CredentialError) -> String? {
        guard let name = try profile.line("services") else { return nil }
        guard let section = configuration.services[ExactString(name)], !section.isEmpty else {
            throw profile.problem(
                "its services \(ProfileReader.shown(ExactString(name))) does not exist: "
                    + "write [services NAME] into \(configurationPath)"
            )
        }
        switch section[service] {
        case nil: return nil
        case .text: throw profile.problem("\(service.text) of its services section has to be a name with indented lines below")
        case .nested(let values): return values["endpoint_url"].flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// botocore takes `true` in any case, and everything else for false.
    private func isTrue(_ option: ExactString, of profile: ProfileReader) throws(CredentialError) -> Bool {
        try profile.line(option)?.lowercased() == "true"
    }
}
