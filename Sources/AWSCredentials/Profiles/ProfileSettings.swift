// SPDX-License-Identifier: Apache-2.0

/// What a profile says about regions and endpoints; nil for what it does not say. Variables of the environment are not
/// looked at here: they come before all of these.
package struct ProfileSettings: Sendable, Equatable {
    /// `region`
    package let region: String?
    /// `sts_regional_endpoints`: `legacy` or `regional`
    package let stsRegionalEndpoints: String?
    /// `endpoint_url` of `sts` in the section that `services` names
    package let stsEndpointURL: String?
    /// `endpoint_url` of the profile, for all services
    package let endpointURL: String?
    /// `ignore_configured_endpoint_urls`: neither the two above nor those of the environment are to be used
    package let ignoresEndpointURLs: Bool
    /// `ca_bundle`: a file of certificates
    package let caBundle: String?
    /// `use_fips_endpoint`
    package let usesFIPSEndpoint: Bool
    /// `ec2_metadata_service_endpoint`
    package let metadataServiceEndpoint: String?
    /// `ec2_metadata_service_endpoint_mode`: `ipv4` or `ipv6`
    package let metadataServiceEndpointMode: String?
}
