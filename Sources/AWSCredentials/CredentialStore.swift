// SPDX-License-Identifier: Apache-2.0
package import PostPolicy
import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The credentials of every source in use, ready to be read by the request path; tenants with the same source share one.
package final class CredentialStore: Sendable {
    private let held: Mutex<[CredentialOrigin: Result<SigningCredentials, CredentialProblem>]>

    /// Reads every source once.
    /// - Parameters:
    ///   - origins: all origins that the rule book names
    ///   - environment: the process's environment
    package init(origins: some Sequence<CredentialOrigin>, environment: [String: String]) {
        var held: [CredentialOrigin: Result<SigningCredentials, CredentialProblem>] = [:]
        for source in origins {
            let provider =
                switch source {
                case .standard: EnvironmentCredentials()
                case .environment(let prefix): EnvironmentCredentials(prefix: prefix)
                }
            held[source] = Result { () throws(CredentialProblem) in try provider.credentials(from: environment) }
        }
        self.held = Mutex(held)
    }

    /// The source's credentials, if they are alive at `now`.
    package func credentials(of source: CredentialOrigin, at now: Date) throws(CredentialProblem) -> SigningCredentials {
        let result = held.withLock { $0[source] } ?? .failure(.notSet(names: []))
        let credentials = try result.get()
        if let end = credentials.expiration, end <= now { throw .expired }
        return credentials
    }

    /// Each source that cannot sign at `now`, with the reason.
    package func problems(at now: Date) -> [(source: CredentialOrigin, problem: CredentialProblem)] {
        held.withLock { Array($0.keys) }.compactMap { source in
            do throws(CredentialProblem) {
                _ = try credentials(of: source, at: now)
                return nil
            } catch {
                return (source, error)
            }
        }
    }
}
