// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
package import RuleFiles
package import UploadRules
package import UserAuth

/// Rules and keys without credentials, for `postern whoami`.
package struct AuthenticationSetup: Sendable {
    package let book: RuleBook
    package let issuers: ConfiguredIssuers
    package let authenticator: Authenticator

    /// Reads rules and key files, and fetches remote keys once.
    /// - Throws: `SetupError`
    package static func load(_ settings: ServiceSettings) async throws(SetupError) -> AuthenticationSetup {
        let (book, _) = try RuleBook.load(settings)
        let proxies = try ProxySettings.load(settings.environment)
        let loader = IssuerLoader(
            book, serviceWide: settings.issuers, proxies: proxies, keyFiles: KeyFiles(at: ServiceClock.system.now()))
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        await withDiscardingTaskGroup { group in
            for keys in loader.issuers.remote { group.addTask { await keys.refresh(ServiceClock.system.moment) } }
        }
        let authenticator = Authenticator(issuers: loader.issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys))
        return AuthenticationSetup(book: book, issuers: loader.issuers, authenticator: authenticator)
    }

    /// The tenant of an authenticated caller; nil if no tenant accepts the caller.
    package func tenant(of principal: Principal) -> Tenant? {
        TenantDirectory(book).index(of: principal).map { book.files[$0].tenant }
    }

    /// The keys of an issuer that cannot verify tokens, with their reasons.
    package func skippedKeys(of issuer: String) -> [String] {
        issuers.remote.filter { $0.issuer == issuer }.flatMap { $0.status(at: ServiceClock.system.moment()).skipped }
    }

    /// Why the keys of an issuer could not be fetched; nil if they were.
    package func keyProblem(of issuer: String) -> String? {
        issuers.remote.first { $0.issuer == issuer }?.status(at: ServiceClock.system.moment()).lastError
    }
}

extension RuleBook {
    /// Reads the rule files that the settings name.
    /// - Throws: `SetupError` with every problem of every file
    package static func load(_ settings: ServiceSettings) throws(SetupError) -> (book: RuleBook, warnings: [String]) {
        try load(settings.tenants, service: settings)
    }

    /// Reads the rule files of a folder.
    /// - Parameter service: the service's settings; nil if they are not known
    /// - Throws: `SetupError` with every problem of every file
    package static func load(_ folder: String, service: ServiceSettings?) throws(SetupError) -> (
        book: RuleBook, warnings: [String]
    ) {
        try RuleLoader.load(folder: folder, service: service).strict()
    }
}

extension RuleLoader.Outcome {
    /// - Throws: `SetupError` with every problem of every file
    func strict() throws(SetupError) -> (book: RuleBook, warnings: [String]) {
        switch result {
        case .success(let book): return (book, warnings.map(\.description))
        case .failure(let problems): throw SetupError(problems.problems.map(\.description))
        }
    }
}
