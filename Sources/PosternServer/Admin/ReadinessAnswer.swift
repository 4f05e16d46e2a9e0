// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The members of `/readyz` beside `status`: what is in force, what is amiss, and the state of each issuer and source.
struct ReadinessAnswer {
    let snapshot: ServiceSnapshot
    let report: Readiness.Report
    let connections: ConnectionTable?
    let now: Date
    let uptime: Duration

    func write(to json: inout JSONWriter) {
        json.member("generation", snapshot.book.generation)
        json.member("digest", snapshot.book.digest)
        json.member("tenants", snapshot.book.tenants.count)
        json.member("reasons", report.reasons)
        json.array("issuers", of: snapshot.issuers.distinct) { write($1, to: &$0) }
        json.array("credentials", of: snapshot.credentials.sources) { write($1, to: &$0) }
        if let connections { write(connections, to: &json) }
    }

    private func write(_ connections: ConnectionTable, to json: inout JSONWriter) {
        let figures = connections.figures
        json.object("connections") { json in
            json.member("open", figures.open)
            json.member("limit", connections.limit)
            json.member("refused", figures.refused)
            json.member("closedForOthers", figures.evicted)
        }
    }

    private func write(_ entry: TrustedIssuers.Entry, to json: inout JSONWriter) {
        let status = entry.remote?.status(at: uptime)
        json.object { json in
            json.member("issuer", entry.issuer.identifier)
            json.member("source", entry.source)
            json.member("ageSeconds", status?.ageSeconds)
            json.member("keyIds", status?.keyIDs ?? entry.trusted.keys.current?.keyIDs ?? [])
            if let status {
                json.member("skippedKeys", status.skipped)
                json.member("fetches", status.fetches)
                json.member("failuresInARow", status.failuresInARow)
            }
            json.member("lastError", status?.lastError)
            json.member("lastErrorAgeSeconds", status?.lastErrorAgeSeconds)
        }
    }

    private func write(_ source: RefreshingCredentials, to json: inout JSONWriter) {
        let status = source.status(at: now, uptime: uptime)
        json.object { json in
            json.member("source", status.origin.description)
            json.member("provider", status.provider)
            json.member("expiresAt", status.expiration?.rfc3339)
            json.member("ageSeconds", status.ageSeconds.map { Int($0) })
            json.member("failuresInARow", status.failuresInARow)
            json.member("lastError", status.problem?.description)
            json.member("lastErrorAgeSeconds", status.problemAgeSeconds.map { Int($0) })
        }
    }
}
