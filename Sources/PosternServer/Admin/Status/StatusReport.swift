// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import OutgoingHTTP
import PostPolicy
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The document at `/status.json`, from which the status page is made.
///
/// Its size is bounded, however many tenants, files and sources there are: of each list it has the first 100, those in trouble before
/// the others, and the number of all.
struct StatusReport {
    /// The most elements of a list.
    static let maximumElements = 100

    /// The members that are those of `/readyz`.
    let readiness: ReadinessResponse
    /// The minutes of the last hour, the current one last.
    let minutes: [RecentDecisions.Minute]
    /// What tenants are searched for; empty for all.
    let search: String
    let uptime: Duration
    /// Nil where it is not known.
    let residentBytes: Int?
    let droppedLogLines: Int
    /// Nil if there is no audit log.
    let audit: AuditWriter.Status?

    private var snapshot: ServiceSnapshot { readiness.snapshot }
    private var moment: Moment { readiness.moment }

    /// Returns the document. It takes some milliseconds for 100,000 tenants.
    func json() -> [UInt8] {
        var attention = Attention()
        for reason in readiness.report.general { attention.add(.fault, reason, nil) }
        noteHeldBack(in: &attention)
        let credentials = credentials(&attention)
        let keySets = keySets(&attention)
        let ends = ends(&attention)
        for reason in readiness.report.limits { attention.add(.warning, reason, nil) }
        noteLastLook(in: &attention)
        if let problem = audit?.reopeningProblem {
            attention.add(.warning, "\(AuditWriter.Status.reopeningWarning): \(problem)", nil)
        }
        let decisions = HourOfDecisions(minutes)
        if let sentence = decisions.serviceFaults { attention.add(.warning, sentence, .decisions) }
        return JSONWriter.object(capacity: 64 * 1024) { json in
            json.member("now", moment.date.rfc3339)
            json.member("version", PosternVersion.current)
            json.member("uptimeSeconds", Int(uptime / .seconds(1)))
            json.member("status", readiness.report.isReady ? "ready" : "not-ready")
            attention.write(to: &json)
            writeRules(to: &json)
            readiness.writeHeldBack(to: &json)
            decisions.write(to: &json)
            write(keySets, to: &json)
            write(credentials, to: &json)
            write(ends, to: &json)
            writeReloads(to: &json)
            writeTenants(to: &json)
            writeWarnings(to: &json)
            readiness.writeConnections(to: &json)
            json.member("residentBytes", residentBytes)
            json.member("logLinesDropped", droppedLogLines)
            write(audit, to: &json)
        }
    }

    // MARK: Rules and their files

    private func writeRules(to json: inout JSONWriter) {
        let reloads = readiness.reloads
        json.object("rules") { json in
            json.member("generation", snapshot.generation)
            json.member("digest", snapshot.book.digest)
            json.member("ageSeconds", readiness.seconds(since: reloads.replacedAt))
            json.member("lastLookAgeSeconds", reloads.lookedAt.map { readiness.seconds(since: $0) })
            json.member("tenants", snapshot.tenants.count)
            json.object("reloads") { json in
                for result in ReloadStatus.Result.allCases { json.member(result.rawValue, reloads.results[result] ?? 0) }
            }
        }
    }

    private func noteHeldBack(in attention: inout Attention) {
        for (held, _) in readiness.reloads.heldBack {
            attention.add(.fault, held.sentence, .heldBack)
        }
    }

    private func noteLastLook(in attention: inout Attention) {
        let interval = snapshot.settings.reload
        guard interval > .zero, let lookedAt = readiness.reloads.lookedAt else { return }
        let age = moment.uptime - lookedAt.uptime
        guard age > max(interval * 3, .seconds(60)) else { return }
        attention.add(
            .warning,
            "the files of rules were last looked at \((age / .seconds(1)).roughDuration) ago: their file system may not answer",
            .reloads)
    }

    private func writeReloads(to json: inout JSONWriter) {
        let reloads = readiness.reloads
        let last = reloads.results.values.reduce(0, +)
        json.array("reloads", of: reloads.records.enumerated()) { json, element in
            write(element.element, number: last - element.offset, to: &json)
        }
    }

    /// - Parameter number: counts the changes; 0 for the start
    private func write(_ record: ReloadRecord, number: Int, to json: inout JSONWriter) {
        json.object { json in
            json.member("number", number)
            json.member("at", record.moment.date.rfc3339)
            json.member("isStart", record.isStart)
            json.member("result", record.result.rawValue)
            json.member("generation", record.generation)
            json.member("added", record.added)
            json.member("changed", record.changed)
            json.member("removed", record.removed)
            json.member("tenants", record.tenants)
            json.member("serviceFile", record.isServiceFileChanged)
            json.member("certificate", record.isCertificateChanged)
            json.member("heldBackFiles", record.heldBackFiles)
            json.member("settingsForRestart", record.settingsForRestart)
            json.member("problemCount", record.problemCount)
            json.member("problems", record.problems)
            json.member("warningCount", record.warningCount)
            json.member("warnings", record.warnings)
        }
    }

    private func writeWarnings(to json: inout JSONWriter) {
        var count = 0
        var first: [Diagnostic] = []
        func add(_ warnings: [Diagnostic]) {
            count += warnings.count
            if first.count < Self.maximumElements { first += warnings.prefix(Self.maximumElements - first.count) }
        }
        add(snapshot.settings.warnings)
        for file in snapshot.book.files { add(file.warnings) }
        json.member("warningCount", count)
        json.array("warnings", of: first) { ReadinessResponse.write($1, to: &$0) }
    }

    // MARK: The audit log

    private func write(_ audit: AuditWriter.Status?, to json: inout JSONWriter) {
        guard let audit else { return json.member("audit", nil as String?) }
        json.object("audit") { json in
            json.member("isWritable", audit.problem == nil)
            json.member("lines", audit.written)
            json.member("linesDropped", audit.dropped)
            json.member("failedRequests", audit.failedRequests)
            json.member("problem", audit.problem?.printable(limit: 500))
            json.member("reopeningProblem", audit.reopeningProblem?.printable(limit: 500))
        }
    }

    // MARK: Keys and credentials

    private func keySets(_ attention: inout Attention) -> LevelledList<ConfiguredIssuer> {
        var list = LevelledList<ConfiguredIssuer>(limit: Self.maximumElements)
        for issuer in snapshot.issuers.keySets {
            let failures = issuer.remote?.failuresInARow ?? 0
            if let reason = issuer.remote?.unavailableReason(at: moment.date) {
                list.add(.fault, issuer)
                attention.add(.fault, reason, .keys)
            } else if failures > 0 {
                list.add(.warning, issuer)
                attention.add(
                    .warning,
                    "the keys of \(issuer.identifier) cannot be fetched: those fetched \(age(of: issuer)) ago stay in use", .keys)
            } else {
                list.add(.ok, issuer)
            }
        }
        return list
    }

    private func age(of issuer: ConfiguredIssuer) -> String {
        Double(issuer.remote?.status(at: moment).ageSeconds ?? 0).roughDuration
    }

    private func write(_ keySets: LevelledList<ConfiguredIssuer>, to json: inout JSONWriter) {
        json.member("keySetCount", keySets.count)
        json.array("keySets", of: keySets.listed) { json, keys in
            json.object { json in
                json.member("level", keys.level.rawValue)
                json.member("tenant", keys.element.tenant)
                readiness.writeMembers(of: keys.element, to: &json)
            }
        }
    }

    private typealias Source = (source: RefreshingCredentials, status: CredentialsStatus, problem: CredentialError?)

    /// How long before their end credentials are a warning: they are renewed long before.
    private static let credentialsNotice = 300.0

    private func credentials(_ attention: inout Attention) -> LevelledList<Source> {
        var list = LevelledList<Source>(limit: Self.maximumElements)
        for source in snapshot.credentials.sources {
            let (status, problem) = (source.status(at: moment), source.problem(at: moment.date))
            var level = StatusLevel.ok
            if problem != nil {
                level = .fault
                attention.add(level, source.unavailableReason(at: moment.date) ?? "", .credentials)
            } else if let remaining = status.remaining, status.failuresInARow > 0 || remaining <= Self.credentialsNotice {
                level = remaining <= Self.credentialsNotice && status.failuresInARow > 0 ? .fault : .warning
                attention.add(
                    level,
                    status.failuresInARow > 0
                        ? "the credentials of \(source.source) cannot be renewed, and end in \(remaining.roughDuration)"
                        : "the credentials of \(source.source) end in \(remaining.roughDuration)",
                    .credentials)
            }
            list.add(level, (source, status, problem))
        }
        return list
    }

    private func write(_ credentials: LevelledList<Source>, to json: inout JSONWriter) {
        json.member("credentialsCount", credentials.count)
        json.array("credentials", of: credentials.listed) { json, listed in
            let (source, status, problem) = listed.element
            json.object { json in
                json.member("level", listed.level.rawValue)
                json.member("remainingSeconds", status.remaining.map { Int(bounded: $0.rounded(.down)) })
                json.member("accessKeySuffix", status.accessKeySuffix)
                json.member("problem", problem?.description)
                readiness.writeMembers(of: source, status, to: &json)
            }
        }
    }

    // MARK: What ends

    private struct End {
        enum Kind: String {
            case certificate
            case apiKey = "api-key"
            case issuer
        }

        let kind: Kind
        let name: String
        /// Nil for what is service-wide.
        let tenant: String?
        /// Seconds since 1970.
        let instant: Double
        let level: StatusLevel
    }

    /// How long before their end API keys and issuers are a warning, in seconds: someone has to make others.
    private static let keyNotice = 7 * 86_400.0

    /// The certificate, the API keys and the issuers that end, by their ends.
    private func ends(_ attention: inout Attention) -> (first: [End], count: Int) {
        let now = moment.date.timeIntervalSince1970
        var ends = Earliest<End>(limit: Self.maximumElements) { $0.instant < $1.instant }
        if let certificate = snapshot.certificate, let files = snapshot.settings.tls {
            let validity = certificate.validity
            let instant = validity.end.timeIntervalSince1970
            let level = StatusLevel(remaining: instant - now, notice: validity.notice)
            ends.add(End(kind: .certificate, name: files.certificates, tenant: nil, instant: instant, level: level))
            attention.add(level, "the certificate of the public listener \((instant - now).end)", .ends)
            if moment.date < validity.start {
                attention.add(
                    .fault, "the certificate of the public listener is not valid before \(validity.start.rfc3339)", .ends)
            }
        }
        for key in snapshot.book.files.lazy.flatMap(\.apiKeys) {
            guard let instant = key.expires?.timeIntervalSince1970 else { continue }
            // One that has ended was replaced or is not wanted any more.
            let level = instant <= now ? .ok : StatusLevel(remaining: instant - now, notice: Self.keyNotice)
            ends.add(End(kind: .apiKey, name: key.id, tenant: key.tenant, instant: instant, level: level))
            attention.add(level, "the API key \(key.id) of tenant \(key.tenant) \((instant - now).end)", .ends)
        }
        for issuer in snapshot.issuers.all {
            guard let instant = issuer.issuer.end else { continue }
            let level = instant <= now ? .ok : StatusLevel(remaining: instant - now, notice: Self.keyNotice)
            ends.add(End(kind: .issuer, name: issuer.identifier, tenant: issuer.tenant, instant: instant, level: level))
            attention.add(level, "the issuer \(issuer.identifier) \((instant - now).end)", .ends)
        }
        return (ends.sorted, ends.count)
    }

    private func write(_ ends: (first: [End], count: Int), to json: inout JSONWriter) {
        let now = moment.date.timeIntervalSince1970
        json.member("endsCount", ends.count)
        json.array("ends", of: ends.first) { json, end in
            json.object { json in
                json.member("level", end.level.rawValue)
                json.member("kind", end.kind.rawValue)
                json.member("name", end.name.printable(limit: 500))
                json.member("tenant", end.tenant)
                json.member("at", Date(timeIntervalSince1970: end.instant).rfc3339)
                json.member("remainingSeconds", Int(bounded: (end.instant - now).rounded(.down)))
            }
        }
    }

    // MARK: Tenants

    private func writeTenants(to json: inout JSONWriter) {
        var matches: [Int] = []
        var count = 0
        let lowercase = search.lowercased()
        for (index, file) in snapshot.book.files.enumerated()
        where search.isEmpty || file.tenant.id.hasBytes(of: lowercase) || file.hasAlias(with: search) {
            count += 1
            if matches.count < Self.maximumElements { matches.append(index) }
        }
        let heldBack = Set(readiness.reloads.heldBack.lazy.compactMap(\.file.tenant))
        json.object("tenantSearch") { json in
            json.member("text", search)
            json.member("matches", count)
            json.array("tenants", of: matches) { json, index in
                write(snapshot.tenants[index], snapshot.book.files[index], isHeldBack: heldBack.contains, to: &json)
            }
        }
    }

    /// The most names of rules and of buckets of a tenant.
    private static let maximumNames = 20

    private func write(
        _ served: ServedTenant, _ file: TenantFile, isHeldBack: (String) -> Bool, to json: inout JSONWriter
    ) {
        let tenant = served.tenant
        let withoutKeys = snapshot.issuers.issuers(of: file).filter { $0.trusted.keys.current == nil }
        let problems =
            withoutKeys.prefix(3).map { "no keys of \($0.identifier)" }
            + served.unavailableStores(at: moment.date).prefix(3).map { "no credentials for \($0.store.bucket)" }
        json.object { json in
            json.member("tenant", tenant.id)
            json.member("suspended", tenant.isSuspended)
            json.member("heldBack", isHeldBack(tenant.id))
            json.member("problems", problems.map { $0.printable(limit: 500) })
            json.member("ruleCount", tenant.rules.count)
            json.member("rules", tenant.rules.prefix(Self.maximumNames).map(\.name))
            json.member("buckets", tenant.stores.prefix(Self.maximumNames).map(\.bucket))
        }
    }
}

extension HeldBackFile {
    /// `tenants/acme.yaml is held back: acme is served by what it said before`.
    fileprivate var sentence: String {
        guard let tenant else { return "\(file) is held back: what it said before stays in force" }
        return isServed
            ? "\(file) is held back: \(tenant) is served by what it said before" : "\(file) is held back: \(tenant) is not served"
    }
}

extension Double {
    /// Seconds in words of one or two units: `59 s`, `59 min`, `23 h 59 min`, `9 d 23 h`, `400 d`.
    fileprivate var roughDuration: String {
        let seconds = Int(bounded: magnitude)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if seconds < 60 { return "\(seconds) s" }
        if minutes < 60 { return "\(minutes) min" }
        if hours < 24 { return minutes % 60 == 0 ? "\(hours) h" : "\(hours) h \(minutes % 60) min" }
        return days >= 10 || hours % 24 == 0 ? "\(days) d" : "\(days) d \(hours % 24) h"
    }

    /// `ends in 2 d 3 h` or `ended 5 min ago`, of the seconds until the end.
    fileprivate var end: String { self > 0 ? "ends in \(roughDuration)" : "ended \(roughDuration) ago" }
}

extension Int {
    fileprivate init(bounded seconds: Double) {
        self = Int(Swift.max(-1e15, Swift.min(1e15, seconds)))
    }
}

/// The first elements of any number in an order, with little memory.
private struct Earliest<Element> {
    let limit: Int
    let precedes: (Element, Element) -> Bool
    private(set) var count = 0
    private var kept: [Element] = []

    init(limit: Int, by precedes: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.precedes = precedes
    }

    mutating func add(_ element: Element) {
        count += 1
        kept.append(element)
        // Sorting now and then costs less than finding the place of each.
        if kept.count == 8 * limit { kept = sorted }
    }

    var sorted: [Element] { Array(kept.sorted(by: precedes).prefix(limit)) }
}
