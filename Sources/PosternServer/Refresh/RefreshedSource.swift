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

/// A value that is fetched in the background, as ``RefreshService``, the log, `/readyz` and the metrics see it.
protocol RefreshedSource: Sendable {
    /// Whether ``RefreshQueue`` limits how many are fetched at the same time.
    var isBounded: Bool { get }

    func isDue(at moment: Moment) -> Bool
    /// Drops a value that has expired.
    func expire(at moment: Moment)
    /// Fetches the value; returns at once if a fetch is running.
    func refresh(_ clock: @escaping @Sendable () -> Moment) async
    /// Says why requests that need the value fail, with the name of the source; nil if they do not.
    func unavailableReason(at now: Date) -> String?
    func report(at moment: Moment) -> RefreshReport
}

/// The status of a source, for operators. It contains no secret.
struct RefreshReport {
    /// Completed fetches, by result: `ok`, or a kind of failure.
    let results: [(result: String, count: Int)]
    let failuresInARow: Int
    let lastError: String?
    let lastErrorAgeSeconds: Int?
    /// Whether only an operator can fix the last error.
    let isPermanent: Bool
    /// Identifies the value in use: a fetch that does not change it is not logged.
    let content: String
    /// The metadata of each log line about the source.
    let subject: Logger.Metadata
    let failureLine: Line
    let successLine: Line

    struct Line {
        let level: Logger.Level
        let message: Logger.Message
        let metadata: Logger.Metadata
    }

    var successes: Int { results.lazy.filter { $0.result == "ok" }.map(\.count).reduce(0, +) }
    var failures: Int { results.lazy.map(\.count).reduce(0, +) - successes }
}

extension RemoteKeys: RefreshedSource {
    /// Hundreds of slow providers must not use up the file descriptors that connections need.
    var isBounded: Bool { true }

    func unavailableReason(at now: Date) -> String? {
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
            isPermanent: false,
            content: "\(status.hasKeys) \(status.keyIDs) \(status.skipped)",
            subject: ["issuer": "\(status.issuer)"],
            failureLine: .init(
                level: .warning,
                message: status.hasKeys
                    ? "the issuer's keys cannot be fetched: those in use stay"
                    : "the issuer's keys cannot be fetched: its tokens are refused with 503 until they are",
                metadata: status.ageSeconds.map { ["ageSeconds": "\($0)"] } ?? [:]),
            successLine: .init(level: .notice, message: "the issuer's keys were fetched", metadata: fetched)
        )
    }
}

extension RefreshingCredentials: RefreshedSource {
    var isBounded: Bool { false }

    func unavailableReason(at now: Date) -> String? { problem(at: now).map { "credentials of \(source): \($0)" } }

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
            isPermanent: status.problem?.isTransient == false,
            // Each fetch is logged, since readers of the store's log look for the access key.
            content: "\(status.successes)",
            subject: ["source": "\(status.source)"],
            failureLine: .init(
                level: serves ? .warning : .error,
                message: serves
                    ? "credentials cannot be renewed: those in use serve until their end"
                    : "there are no credentials to sign with: tickets are refused with 503 until there are",
                metadata: status.remaining.map { ["remainingSeconds": "\(Int($0))"] } ?? [:]),
            successLine: .init(level: .notice, message: "credentials were fetched", metadata: fetched)
        )
    }
}
