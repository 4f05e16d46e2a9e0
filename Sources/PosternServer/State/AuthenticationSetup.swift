// SPDX-License-Identifier: Apache-2.0

package import RuleFiles
package import UserAuth

/// Who may ask, without what signs: for `postern whoami`.
package struct AuthenticationSetup: Sendable {
    package let book: RuleBook
    package let issuers: TrustedIssuers
    package let authenticator: Authenticator

    /// Reads rules and keys; keys from the network are fetched once.
    /// - Throws: `SetupError`
    package static func load(_ settings: ServiceSettings) async throws(SetupError) -> AuthenticationSetup {
        let (book, _) = try RuleBook.load(settings)
        let assembly = await IssuerLoader(of: book, serviceWide: settings.issuers)
        guard assembly.problems.isEmpty else { throw SetupError(assembly.problems) }
        let issuers = TrustedIssuers(assembly.entries)
        await withDiscardingTaskGroup { group in
            for keys in issuers.remote { group.addTask { await keys.refresh(ServiceClock.system.moment) } }
        }
        let authenticator = Authenticator(issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys))
        return AuthenticationSetup(book: book, issuers: issuers, authenticator: authenticator)
    }

    /// The keys of an issuer that serve no token, each with the reason.
    package func skippedKeys(of issuer: String) -> [String] {
        issuers.remote.filter { $0.issuer == issuer }.flatMap { $0.status(at: ServiceClock.system.moment()).skipped }
    }

    /// Why the keys of an issuer could not be fetched; nil where they could.
    package func keyProblem(of issuer: String) -> String? {
        issuers.remote.first { $0.issuer == issuer }?.status(at: ServiceClock.system.moment()).lastError
    }
}
