// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Where a container finds its credentials (AWS SDKs and Tools Reference Guide, "Container credential provider").
struct ContainerEndpoint: Equatable {
    let url: String
    let host: String

    static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let ecsHost = "169.254.170.2"
    /// Who else may be asked without encryption: the agents of ECS and EKS, on link-local addresses.
    private static let agents = [ecsHost, "169.254.170.23", "fd00:ec2::23"]

    /// Nil where neither variable is set. The relative one goes first, as in AWS's libraries.
    init?(_ context: ProviderContext) throws(CredentialError) {
        if let path = context.variable(Self.relative) {
            // Without the slash, the value would become a part of the host.
            guard path.utf8.first == UInt8(ascii: "/"), let url = try? HTTPURL("http://\(Self.ecsHost)\(path)"),
                url.host.text == Self.ecsHost
            else { throw .configuration("\(Self.relative) must be a path that begins with a slash") }
            self.url = url.text
            host = url.host.lowercased.text
        } else if let text = context.variable(Self.full) {
            guard let url = try? HTTPURL(text) else {
                throw .configuration("\(Self.full) is not an http or https URL without user name and password")
            }
            guard url.isProtected || Self.agents.contains(url.host.lowercased.text) else {
                throw .configuration(
                    "\(Self.full) is not encrypted and names a host that may not be asked so: use https, a loopback address, or one of "
                        + Self.agents.joined(separator: ", "))
            }
            self.url = url.text
            host = url.host.lowercased.text
        } else {
            return nil
        }
    }
}
