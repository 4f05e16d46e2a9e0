// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import LocalFiles
package import Logging
import OutgoingHTTP
import PostPolicy
package import RuleFiles
import Synchronization
package import UploadRules
package import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The state that lives as long as the service: the configuration in force, and what is independent of it.
package final class ServiceState: Sendable {
    /// The rules, keys and credentials in force.
    package let current: ServiceSnapshot
    /// When API keys were last used.
    let apiKeyUses: APIKeyUses
    /// The fetches begun at startup; some may still be running.
    let initialFetch: InitialFetch

    init(_ snapshot: ServiceSnapshot, apiKeyUses: APIKeyUses, initialFetch: InitialFetch) {
        current = snapshot
        self.apiKeyUses = apiKeyUses
        self.initialFetch = initialFetch
    }
}

/// The rule book with its issuers, credentials and tenants. Each request uses one snapshot throughout.
package final class ServiceSnapshot: Sendable {
    /// Counts the snapshots of this process; part of the audit record.
    let generation = 1
    package let book: RuleBook
    package let authenticator: Authenticator
    let issuers: ConfiguredIssuers
    let credentials: TenantCredentials
    /// Everything that is fetched in the background: credentials, then keys.
    let refreshed: [any RefreshedSource]
    /// The tenants in the order of the book.
    let tenants: [ServedTenant]
    /// Every origin that some tenant lists: a preflight is anonymous, so its tenant is unknown.
    let origins: Set<String>

    private let directory: TenantDirectory

    init(book: RuleBook, issuers: ConfiguredIssuers, credentials: TenantCredentials, apiKeyUses: APIKeyUses) {
        self.book = book
        self.issuers = issuers
        self.credentials = credentials
        refreshed = credentials.sources + issuers.remote
        authenticator = Authenticator(
            issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys), uses: apiKeyUses)
        origins = Set(book.tenants.flatMap(\.origins))
        tenants = zip(book.files, credentials.perTenant).map { file, credentials in
            ServedTenant(file.tenant, keyIssuers: file.keyIssuers, credentials: credentials)
        }
        directory = TenantDirectory(book)
    }

    /// The tenant of an authenticated caller; nil if no tenant accepts the caller.
    func tenant(of principal: Principal) -> ServedTenant? {
        directory.index(of: principal).map { tenants[$0] }
    }
}

/// A tenant with everything that issuing its tickets needs, looked up once for each request.
package final class ServedTenant: Sendable {
    package let tenant: Tenant
    /// Whose users the requests of its API keys name.
    let keyIssuers: KeyIssuers
    /// Its stores, with the credentials that sign their tickets. Stores with the same source share them, also those of other tenants.
    private let signers: [(store: Store, credentials: RefreshingCredentials)]
    /// Counts against the limits of its rules; nil if none has limits.
    let limiter: RateLimiter?

    /// Tickets issued, by the rule's index in the tenant; empty before the first ticket.
    private let issued = Mutex<[Int]>([])

    /// - Parameter credentials: for each of the tenant's stores
    init(_ tenant: Tenant, keyIssuers: KeyIssuers = KeyIssuers(), credentials: [RefreshingCredentials]) {
        self.tenant = tenant
        self.keyIssuers = keyIssuers
        signers = Array(zip(tenant.stores, credentials))
        limiter = tenant.rules.contains { $0.limits != .none } ? RateLimiter() : nil
    }

    /// Returns the credentials that sign for a store, unless they have expired.
    /// - Parameter store: one of the tenant's stores
    func credentials(for store: Store, at now: Date) throws(CredentialError) -> SigningCredentials {
        // Most tenants have one store, and few have more than three.
        for signer in signers where signer.store === store { return try signer.credentials.current(at: now) }
        throw .unavailable("the store is not one of the tenant's")
    }

    /// Whether one of its stores has credentials that can sign a ticket.
    func canSign(at now: Date) -> Bool {
        signers.contains { $0.credentials.problem(at: now) == nil }
    }

    /// - Parameter rule: one of the tenant's rules
    func countTicket(of rule: UploadRule) {
        guard let index = tenant.rules.firstIndex(where: { $0 === rule }) else { return }
        issued.withLock { issued in
            if issued.isEmpty { issued = Array(repeating: 0, count: tenant.rules.count) }
            issued[index] += 1
        }
    }

    /// The rules that have issued tickets, in the order of the tenant's rules.
    var issuedTickets: [(rule: String, count: Int)] {
        zip(tenant.rules, issued.withLock { $0 }).compactMap { $1 > 0 ? ($0.name, $1) : nil }
    }
}

/// Why the service cannot start: every reason found, one sentence each.
package struct SetupError: Error, Sendable, CustomStringConvertible {
    package let sentences: [String]

    package init(_ sentences: [String]) {
        self.sentences = sentences
    }

    package var description: String { sentences.joined(separator: "\n") }
}

extension RuleBook {
    /// Reads the rule files that the settings name.
    /// - Throws: `SetupError` with every problem of every file
    package static func load(_ settings: ServiceSettings) throws(SetupError) -> (book: RuleBook, warnings: [String]) {
        let outcome = RuleLoader.load(folder: settings.tenants, service: settings)
        switch outcome.result {
        case .success(let book): return (book, outcome.warnings.map(\.description))
        case .failure(let problems): throw SetupError(problems.problems.map(\.description))
        }
    }
}

extension ServiceState {
    /// Reads rules and key files, and fetches keys and credentials once.
    ///
    /// A provider that is down or slow does not prevent the start: its keys or credentials are fetched again in the background.
    /// - Parameter fetchTimeout: how long to wait for the first fetches; a `credential_process` may take a minute
    /// - Returns: the state, and warnings about rule files, key files and the TLS key
    /// - Throws: `SetupError` with everything that an operator has to fix; `CancellationError` if the task is cancelled
    package static func load(
        _ settings: ServiceSettings, logger: Logger, fetchTimeout: Duration = .seconds(2), clock: ServiceClock = .system
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let (book, warnings) = try RuleBook.load(settings)
        let proxies = try ProxySettings.load(settings.environment)
        proxies.log(to: logger, environment: settings.environment)
        let loader = await IssuerLoader(book, serviceWide: settings.issuers, proxies: proxies)
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        let chains = CredentialChains(environment: settings.environment, proxies: proxies)
        let credentials = TenantCredentials(of: book, chains, environment: settings.environment)
        let uses = APIKeyUses()
        let snapshot = ServiceSnapshot(
            book: book, issuers: ConfiguredIssuers(loader.issuers), credentials: credentials, apiKeyUses: uses)
        let initialFetch = InitialFetch(snapshot.refreshed, RefreshLog(logger: logger, clock: clock))
        await initialFetch.wait(timeout: fetchTimeout)
        if Task.isCancelled {
            await initialFetch.cancel()
            throw CancellationError()
        }
        let problems = credentials.permanentProblems(at: clock.now())
        guard problems.isEmpty else {
            await initialFetch.cancel()
            throw SetupError(problems)
        }
        let tlsWarning = settings.tls.flatMap { LocalFile($0.key).secrecyWarning }.map { "TLS key: \($0)" }
        let state = ServiceState(snapshot, apiKeyUses: uses, initialFetch: initialFetch)
        return (state, warnings + loader.warnings + [tlsWarning].compactMap(\.self))
    }
}

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
        let loader = await IssuerLoader(book, serviceWide: settings.issuers, proxies: proxies)
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        let issuers = ConfiguredIssuers(loader.issuers)
        await withDiscardingTaskGroup { group in
            for keys in issuers.remote { group.addTask { await keys.refresh(ServiceClock.system.moment) } }
        }
        let authenticator = Authenticator(issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys))
        return AuthenticationSetup(book: book, issuers: issuers, authenticator: authenticator)
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
