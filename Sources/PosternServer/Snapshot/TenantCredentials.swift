// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
import OutgoingHTTP
import PostPolicy
package import RuleFiles
import UploadRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The credentials that sign the tickets of each store of each tenant. Stores with the same source share them.
package struct TenantCredentials: Sendable {
    /// In the order of the book's tenants and of each tenant's stores.
    let perTenant: [[RefreshingCredentials]]
    /// Every source once, in the same order.
    package let sources: [RefreshingCredentials]

    /// - Parameter previous: the credentials under the rules before; those of the same sources are used again
    package init(
        of book: RuleBook, _ chains: CredentialChains, environment: [String: String], after previous: TenantCredentials? = nil
    ) {
        let known = Dictionary(previous?.sources.map { ($0.source, $0) } ?? []) { first, _ in first }
        var bySource: [CredentialSource: RefreshingCredentials] = [:]
        var sources: [RefreshingCredentials] = []
        perTenant = book.files.map { file in
            file.credentials.map { source in
                let source = source.resolved(in: environment)
                if let shared = bySource[source] { return shared }
                let credentials =
                    known[source]
                    ?? RefreshingCredentials(
                        source: source,
                        minimumRemaining: TicketExpiry.margin + TicketExpiry.shortest,
                        validate: { credentials throws(CredentialError) in try credentials.checkSessionToken() },
                        fetch: chains.chain(of: source).refresh)
                bySource[source] = credentials
                sources.append(credentials)
                return credentials
            }
        }
        self.sources = sources
    }

    /// The problems that only an operator can fix, one sentence each.
    func permanentProblems(at now: Date) -> [String] {
        sources.compactMap { credentials in
            guard let problem = credentials.problem(at: now), !problem.isTransient else { return nil }
            return credentials.source == .standard ? problem.description : "credentials of \(credentials.source): \(problem)"
        }
    }
}

/// Makes the chain of providers of each credential source. All roles are assumed with the credentials of one default chain.
package struct CredentialChains: Sendable {
    private let context: ProviderContext
    private let standard: CredentialChain

    /// - Parameters:
    ///   - environment: the environment of the process
    ///   - proxies: the proxy for STS
    init(environment: [String: String], proxies: ProxySettings) {
        context = ProviderContext(
            variables: environment, proxies: proxies, now: ServiceClock.system.now, uptime: ServiceClock.system.uptime)
        standard = CredentialChain(.standard, context: context)
    }

    /// With the proxy that the environment names.
    /// - Throws: `SetupError` if it names something other than an HTTP proxy
    package init(environment: [String: String]) throws(SetupError) {
        self.init(environment: environment, proxies: try ProxySettings.load(environment))
    }

    package func chain(of source: CredentialSource) -> CredentialChain {
        source == .standard ? standard : CredentialChain(source, context: context, base: standard)
    }
}

// MARK: Session tokens

extension SigningCredentials {
    /// Checks that the session token leaves room for the smallest form, in some signature version, within the store's limit.
    func checkSessionToken() throws(CredentialError) {
        guard sessionToken != nil else { return }
        // The date does not change the size of a form. This one is before any credentials expire.
        let date = Date(timeIntervalSince1970: 0)
        let errors = SignatureVersion.allCases.compactMap { version -> PolicyError? in
            do throws(PolicyError) {
                let policy = try UploadPolicy(bucket: "aaa", key: "k", contentLength: 0...0, expiration: date + 1)
                _ = try PolicySigner().sign(policy, version: version, credentials: self, region: "r", at: date)
                return nil
            } catch {
                return error
            }
        }
        guard errors.count == SignatureVersion.allCases.count else { return }
        if errors.contains(where: \.isSessionTokenTooLong) { throw CredentialError.sessionTokenTooLong(self) }
    }

    /// The length of the session token; 0 if there is none.
    var sessionTokenBytes: Int { sessionToken?.utf8.count ?? 0 }
}

extension CredentialError {
    /// The session token of credentials makes the form too large.
    static func sessionTokenTooLong(_ credentials: SigningCredentials) -> CredentialError {
        .unavailable(
            """
            the session token is \(credentials.sessionTokenBytes) bytes long, and with it the form is over the store's \
            \(SignedForm.maximumBytes) bytes: assume the role with a shorter session policy or fewer session tags
            """
        )
    }
}
