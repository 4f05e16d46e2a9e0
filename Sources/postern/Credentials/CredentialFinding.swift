// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What one source of credentials gave when it was asked.
struct CredentialFinding {
    /// What is asked, and for whom.
    struct Source {
        let origin: CredentialSource
        /// The tenants that it signs for; empty where no rule file was read.
        var tenants: [String]
        /// The region of a tenant's store, for STS where nothing else names one.
        let region: String?
    }

    let source: Source
    /// Which providers were asked, and what came of it.
    let trace: [CredentialChain.Step]
    let provider: String?
    let accessKeyID: String?
    let isTemporary: Bool
    let expiration: Date?
    let identity: CallerIdentity?
    /// Why the identity of the credentials is not known.
    let identityProblem: String?
    /// Why there are no credentials.
    let problem: String?

    /// Asks, bounded in time.
    init(_ source: Source, _ chain: CredentialChain, asksSTS: Bool) async {
        self.source = source
        var provided: ProvidedCredentials?
        var problem: String?
        var identity: CallerIdentity?
        var identityProblem: String?
        do throws(CredentialError) {
            provided = try await chain.refresh()
        } catch {
            problem = error.description
        }
        if let credentials = provided?.credentials, asksSTS {
            do throws(CredentialError) {
                identity = try await chain.callerIdentity(of: credentials, region: source.region)
            } catch {
                identityProblem = error.description
            }
        }
        trace = chain.lastSearch
        provider = provided?.provider
        accessKeyID = provided?.credentials.accessKeyID
        isTemporary = provided?.credentials.sessionToken != nil
        expiration = provided?.credentials.expiration
        self.identity = identity
        self.identityProblem = identityProblem
        self.problem = problem
    }
}
