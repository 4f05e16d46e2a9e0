// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Where EC2's instance metadata service is ("Instance metadata and user data", "IMDS credential provider").
struct InstanceMetadataEndpoint: Equatable {
    /// Without a slash at the end.
    let url: String
    let host: String
    /// Whether an operator named it, so that silence there is an error.
    let isExplicit: Bool

    static let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    private static let mode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"

    /// - Parameter profile: what the profile in use says, for what the environment does not
    init(_ context: ProviderContext, _ profile: ProfileSettings) throws(CredentialError) {
        if let text = context.variable(Self.variable) ?? profile.metadataServiceEndpoint {
            guard let url = try? HTTPURL(text), url.query == nil, url.fragment == nil else {
                throw .configuration(
                    "\(Self.variable), or ec2_metadata_service_endpoint of the AWS profile, is not an http or https URL without user name, password, "
                        + "query and fragment")
            }
            self.url = text.hasSuffix("/") ? String(text.dropLast()) : text
            host = url.host.lowercased.text
            isExplicit = true
            return
        }
        switch (context.variable(Self.mode) ?? profile.metadataServiceEndpointMode)?.lowercased() {
        case nil, "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default:
            throw .configuration(
                "\(Self.mode), or ec2_metadata_service_endpoint_mode of the AWS profile, is neither IPv4 nor IPv6")
        }
        url = host.utf8.contains(UInt8(ascii: ":")) ? "http://[\(host)]" : "http://\(host)"
        isExplicit = false
    }
}
