// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes what asks each origin for its credentials. All roles are assumed with the credentials of one default chain.
package struct CredentialResolvers: Sendable {
    private let context: ProviderContext
    private let standard: CredentialResolver

    /// - Parameter environment: the process's
    package init(environment: [String: String]) {
        context = ProviderContext(variables: environment, now: { Date() }, uptime: Uptime.now)
        standard = CredentialResolver(origin: .standard, context: context)
    }

    package func resolver(of origin: CredentialSource) -> CredentialResolver {
        origin == .standard ? standard : CredentialResolver(origin: origin, context: context, standard: standard)
    }
}
