// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import PostPolicy
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
        json.key("generation")
        json.int(snapshot.book.generation)
        json.key("digest")
        json.string(snapshot.book.digest)
        json.key("tenants")
        json.int(snapshot.book.tenants.count)
        write(report.reasons, as: "reasons", to: &json)
        json.key("issuers")
        json.beginArray()
        for entry in snapshot.issuers.distinct { write(entry, to: &json) }
        json.endArray()
        json.key("credentials")
        json.beginArray()
        for source in snapshot.credentials.sources { write(source, to: &json) }
        json.endArray()
        if let connections { write(connections, to: &json) }
    }

    private func write(_ connections: ConnectionTable, to json: inout JSONWriter) {
        let figures = connections.figures
        json.key("connections")
        json.beginObject()
        json.key("open")
        json.int(figures.open)
        json.key("limit")
        json.int(connections.limit)
        json.key("refused")
        json.int(figures.refused)
        json.key("closedForOthers")
        json.int(figures.evicted)
        json.endObject()
    }

    private func write(_ entry: TrustedIssuers.Entry, to json: inout JSONWriter) {
        let status = entry.remote?.status(at: uptime)
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
            json.key("failuresInARow")
            json.int(status.failuresInARow)
        }
        write(status?.lastError, as: "lastError", to: &json)
        write(status?.lastErrorAgeSeconds, as: "lastErrorAgeSeconds", to: &json)
        json.endObject()
    }

    private func write(_ source: RefreshingCredentials, to json: inout JSONWriter) {
        let status = source.status(at: now, uptime: uptime)
        json.beginObject()
        json.member("source", status.origin.description)
        write(status.provider, as: "provider", to: &json)
        write(status.expiration?.rfc3339, as: "expiresAt", to: &json)
        write(status.ageSeconds.map { Int($0) }, as: "ageSeconds", to: &json)
        json.key("failuresInARow")
        json.int(status.failuresInARow)
        write(status.problem?.description, as: "lastError", to: &json)
        write(status.problemAgeSeconds.map { Int($0) }, as: "lastErrorAgeSeconds", to: &json)
        json.endObject()
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
