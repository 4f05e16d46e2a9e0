// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes the chain of providers of each credential source. All roles are assumed with the credentials of one default chain.
package struct CredentialChains: Sendable {
    private let context: ProviderContext
    private let standard: CredentialChain

    /// - Parameter environment: the process's
    package init(environment: [String: String]) {
        context = ProviderContext(variables: environment, now: { Date() }, uptime: Uptime.now)
        standard = CredentialChain(.standard, context: context)
    }

    package func chain(of source: CredentialSource) -> CredentialChain {
        source == .standard ? standard : CredentialChain(source, context: context, base: standard)
    }
}
