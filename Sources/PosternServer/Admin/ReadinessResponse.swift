// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import OutgoingHTTP
import PostPolicy
import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The members of `/readyz` other than `status`: the rules in force, the reasons not to be ready, and the state of each issuer and source.
struct ReadinessResponse {
    let snapshot: ServiceSnapshot
    let report: Readiness.Report
    let connections: ConnectionTable?
    let moment: Moment

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
        let status = entry.remote?.status(at: moment)
        json.beginObject()
        json.member("issuer", entry.issuer.identifier)
        json.member("source", entry.source)
        write(status?.ageSeconds, as: "ageSeconds", to: &json)
        json.key("keyIds")
        json.beginArray()
        for id in status?.keyIDs ?? entry.trusted.keys.current?.keyIDs ?? [] {
            if let id { json.string(id) } else { json.null() }
        }
        json.endArray()
        if let status {
            write(status.skipped, as: "skippedKeys", to: &json)
            json.key("fetches")
            json.int(status.fetches)
        }
        write(entry.remote?.report(at: moment), to: &json)
        json.endObject()
    }

    private func write(_ source: RefreshingCredentials, to json: inout JSONWriter) {
        let status = source.status(at: moment)
        json.beginObject()
        json.member("source", status.source.description)
        write(status.provider, as: "provider", to: &json)
        write(status.expiration.map(\.rfc3339), as: "expiresAt", to: &json)
        write(status.ageSeconds.map { Int($0) }, as: "ageSeconds", to: &json)
        write(source.report(at: moment), to: &json)
        json.endObject()
    }

    /// How its fetches went, for whatever is fetched; nil for what is not.
    private func write(_ report: RefreshReport?, to json: inout JSONWriter) {
        if let report {
            json.key("failuresInARow")
            json.int(report.failuresInARow)
        }
        write(report?.lastError, as: "lastError", to: &json)
        write(report?.lastErrorAgeSeconds, as: "lastErrorAgeSeconds", to: &json)
    }

    private func write(_ sentences: [String], as name: String, to json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for sentence in sentences { json.string(sentence) }
        json.endArray()
    }

    private func write(_ text: String?, as name: String, to json: inout JSONWriter) {
        json.key(name)
        if let text { json.string(text) } else { json.null() }
    }

    private func write(_ number: Int?, as name: String, to json: inout JSONWriter) {
        json.key(name)
        if let number { json.int(number) } else { json.null() }
    }
}
