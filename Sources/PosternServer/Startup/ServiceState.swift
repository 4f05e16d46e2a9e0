// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import LocalFiles
package import Logging
import OutgoingHTTP
package import RuleFiles
import Synchronization
import UserAuth

/// The state that lives as long as the service: the configuration in force, and what is independent of it.
package final class ServiceState: Sendable {
    private let snapshot: Mutex<ServiceSnapshot>
    /// Snapshots that were in force before, and that requests may still use.
    private let replaced = Mutex<[ServiceSnapshot]>([])
    /// When API keys were last used.
    let apiKeyUses: APIKeyUses
    /// The fetches begun at startup; some may still be running.
    let initialFetch: InitialFetch
    /// Reads the files again.
    let reloader: Reloader
    let reloads: ReloadStatus

    /// The rules, keys and credentials in force. Each request reads it once.
    package var current: ServiceSnapshot { snapshot.withLock { $0 } }

    init(
        _ snapshot: ServiceSnapshot, apiKeyUses: APIKeyUses, initialFetch: InitialFetch, reloader: Reloader, reloads: ReloadStatus
    ) {
        self.snapshot = Mutex(snapshot)
        self.apiKeyUses = apiKeyUses
        self.initialFetch = initialFetch
        self.reloader = reloader
        self.reloads = reloads
    }

    /// Puts a snapshot into force that was made after ``current``: every request that reads it from now on uses that one.
    func replace(with next: ServiceSnapshot) {
        let last = current
        last.retireIssuers(missingIn: next)
        replaced.withLock { $0.append(last) }
        snapshot.withLock { $0 = next }
        next.forgetWhatIsGone(since: last)
    }

    /// The files whose content on disk is not in use, sorted.
    package var heldBack: [HeldBackFile] { reloads.report.heldBack.map(\.file) }

    /// What is served, in a few words.
    var statusLine: String {
        let (tenants, heldBack) = (current.book.tenants.count, reloads.report.heldBack.count)
        let served = "Serving \(tenants) \(tenants == 1 ? "tenant" : "tenants")"
        return heldBack == 0 ? served : "\(served); files held back: \(heldBack) (see /readyz)"
    }

    /// Frees the replaced snapshots that no request uses any more. A request must not do it at its end: freeing what a hundred
    /// thousand tenants had takes long.
    func freeUnused() {
        replaced.withLock { replaced in
            for index in replaced.indices.reversed() where isKnownUniquelyReferenced(&replaced[index]) {
                replaced.remove(at: index)
            }
        }
    }
}

extension ServiceState {
    /// Reads rules, key files and the certificate, and fetches keys and credentials once.
    ///
    /// A provider that is down or slow does not prevent the start: its keys or credentials are fetched again in the background.
    /// - Parameters:
    ///   - fetchTimeout: how long to wait for the first fetches; a `credential_process` may take a minute
    ///   - overlay: lays flags and variables over what a changed service-wide file says
    /// - Returns: the state, and warnings about rule files, key files and the certificate
    /// - Throws: `SetupError` with everything that an operator has to fix; `CancellationError` if the task is cancelled
    package static func load(
        _ settings: ServiceSettings, logger: Logger, fetchTimeout: Duration = .seconds(2), clock: ServiceClock = .system,
        overlay: @escaping @Sendable (ServiceSettings) -> ServiceSettings = { $0 }
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let now = clock.now()
        let (outcome, folder) = RuleFolder.load(settings.tenants, service: settings, at: now)
        let (book, warnings) = try outcome.strict()
        let certificate = settings.tls.map { ServerCertificate.watched($0, at: now, .local) }
        if let certificate, certificate.inUse == nil, let problem = certificate.problem { throw problem }
        let proxies = try ProxySettings.load(settings.environment)
        proxies.log(to: logger, environment: settings.environment)
        let maker = SnapshotMaker(environment: settings.environment, proxies: proxies)
        let keyFiles = KeyFiles(at: now)
        let (snapshot, keyWarnings) = try maker.snapshot(book, settings, certificate?.inUse?.value, keyFiles)
        let reloader = Reloader(folder, keyFiles, certificate, settings: settings, maker: maker, overlay: overlay)
        let initialFetch = InitialFetch(snapshot.refreshed, RefreshLog(logger: logger, clock: clock), isStarting: true)
        await initialFetch.wait(timeout: fetchTimeout)
        if Task.isCancelled {
            await initialFetch.cancel()
            throw CancellationError()
        }
        let problems = snapshot.credentials.permanentProblems(at: clock.now())
        guard problems.isEmpty else {
            await initialFetch.cancel()
            throw SetupError(problems)
        }
        let certificateWarnings = [
            settings.tls?.secrecyWarning, snapshot.certificate?.validity.warning(at: now).map { "\($0.message); \($0.advice)" },
        ].compactMap(\.self)
        let settingWarnings = settings.warningsOfSettings.map { "\($0.key) \($0.message); \($0.advice)" }
        let allWarnings = warnings + keyWarnings + certificateWarnings + settingWarnings
        let state = ServiceState(
            snapshot, apiKeyUses: maker.apiKeyUses, initialFetch: initialFetch, reloader: reloader,
            reloads: ReloadStatus(start: ReloadRecord(start: snapshot, warnings: allWarnings, at: clock.moment())))
        return (state, allWarnings)
    }
}

extension ServiceSettings.TLSFiles {
    /// A warning if other accounts can read the key.
    fileprivate var secrecyWarning: String? { LocalFile(key).secrecyWarning.map { "TLS key: \($0)" } }
}
