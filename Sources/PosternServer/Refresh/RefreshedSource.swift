// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import OutgoingHTTP
import PostPolicy
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is fetched in the background and kept, as the driver, the log, `/readyz` and the metrics see it.
protocol RefreshedSource: Sendable {
    /// Whether only a bounded number of its kind is fetched at the same time.
    var isBounded: Bool { get }

    func isDue(at moment: Moment) -> Bool
    /// Drops what has ended.
    func expire(at moment: Moment)
    /// Fetches anew; returns at once where a fetch runs.
    func refresh(_ clock: @escaping @Sendable () -> Moment) async
    /// Why it cannot serve requests at `now`, with its name; nil where it can.
    func shortage(at now: Date) -> String?
    func report(at moment: Moment) -> RefreshReport
}

/// How a source is at a moment, for operators. Nothing secret.
struct RefreshReport {
    /// The fetches that ended, by result: `ok`, and what the metrics call each kind of failure.
    let results: [(result: String, count: Int)]
    let failuresInARow: Int
    let lastError: String?
    let lastErrorAgeSeconds: Int?
    /// Whether the last error stays until an operator mends it.
    let isLasting: Bool
    /// What is in use: a fetch that leaves it as it was is not logged.
    let content: String
    /// The metadata of each line about the source.
    let subject: Logger.Metadata
    /// The line after a fetch that failed, and the one after a fetch that changed the content.
    let failed: Line
    let fetched: Line

    struct Line {
        let level: Logger.Level
        let message: Logger.Message
        let metadata: Logger.Metadata
    }

    /// The fetches that ended well, and the others.
    var successes: Int { results.lazy.filter { $0.result == "ok" }.map(\.count).reduce(0, +) }
    var failures: Int { results.lazy.map(\.count).reduce(0, +) - successes }
}

extension RemoteKeys: RefreshedSource {
    /// Hundreds of providers that hang must not take the descriptors that connections need.
    var isBounded: Bool { true }

    func shortage(at now: Date) -> String? {
        keys.current == nil ? "issuer \(issuer): its keys have not been fetched" : nil
    }

    func report(at moment: Moment) -> RefreshReport {
        let status = status(at: moment)
        var fetched: Logger.Metadata = ["keyIds": "\(status.keyIDs.map { $0 ?? "-" }.joined(separator: " "))"]
        if !status.skipped.isEmpty { fetched["skipped"] = "\(status.skipped.prefix(4).joined(separator: "; "))" }
        return RefreshReport(
            results: [("ok", status.successes)] + status.failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            failuresInARow: status.failuresInARow,
            lastError: status.lastError,
            lastErrorAgeSeconds: status.lastErrorAgeSeconds,
            // A provider may be mended at any moment.
            isLasting: false,
            content: "\(status.hasKeys) \(status.keyIDs) \(status.skipped)",
            subject: ["issuer": "\(status.issuer)"],
            failed: .init(
                level: .warning,
                message: status.hasKeys
                    ? "the issuer's keys cannot be fetched: those in use stay"
                    : "the issuer's keys cannot be fetched: its tokens are refused with 503 until they are",
                metadata: status.ageSeconds.map { ["ageSeconds": "\($0)"] } ?? [:]),
            fetched: .init(level: .notice, message: "the issuer's keys were fetched", metadata: fetched)
        )
    }
}

extension RefreshingCredentials: RefreshedSource {
    var isBounded: Bool { false }

    func shortage(at now: Date) -> String? { problem(at: now).map { "credentials of \(source): \($0)" } }

    func report(at moment: Moment) -> RefreshReport {
        let status = status(at: moment)
        let serves = problem(at: moment.date) == nil
        var fetched: Logger.Metadata = [:]
        if let provider = status.provider { fetched["provider"] = "\(provider)" }
        if let suffix = status.accessKeySuffix { fetched["accessKeySuffix"] = "\(suffix)" }
        if let end = status.expiration { fetched["expiresAt"] = "\(end.rfc3339)" }
        return RefreshReport(
            results: [("ok", status.successes), ("failed", status.failures)],
            failuresInARow: status.failuresInARow,
            lastError: status.problem?.description,
            lastErrorAgeSeconds: status.problemAgeSeconds.map { Int($0) },
            isLasting: status.problem?.isTransient == false,
            // Each fetch is logged: which credentials sign matters to those who read the store's log.
            content: "\(status.successes)",
            subject: ["source": "\(status.source)"],
            failed: .init(
                level: serves ? .warning : .error,
                message: serves
                    ? "credentials cannot be renewed: those in use serve until their end"
                    : "there are no credentials to sign with: tickets are refused with 503 until there are",
                metadata: status.remaining.map { ["remainingSeconds": "\(Int($0))"] } ?? [:]),
            fetched: .init(level: .notice, message: "credentials were fetched", metadata: fetched)
        )
    }
}
