// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import OutgoingHTTP
import PostPolicy
import RuleFiles
import UserAuth
import WireFormats

/// The members of `/readyz` other than `status`: the rules in force, the reasons not to be ready, and the status of each issuer,
/// each credential source and the public connections.
struct ReadinessResponse {
    let snapshot: ServiceSnapshot
    let report: Readiness.Report
    let connections: ConnectionTable
    let moment: Moment

    func write(to json: inout JSONWriter) {
        json.member("generation", snapshot.generation)
        json.member("digest", snapshot.book.digest)
        json.member("tenants", snapshot.book.tenants.count)
        json.member("reasons", report.reasons)
        json.array("issuers", of: snapshot.issuers.keySets) { write($1, to: &$0) }
        json.array("credentials", of: snapshot.credentials.sources) { write($1, to: &$0) }
        let figures = connections.figures
        json.object("connections") { json in
            json.member("open", figures.open)
            json.member("limit", connections.limit)
            json.member("refused", figures.refused)
            json.member("closedForOthers", figures.evicted)
        }
    }

    private func write(_ issuer: ConfiguredIssuer, to json: inout JSONWriter) {
        let status = issuer.remote?.status(at: moment)
        json.object { json in
            json.member("issuer", issuer.identifier)
            json.member("source", issuer.source)
            json.member("ageSeconds", status?.ageSeconds)
            json.member("keyIds", status?.keyIDs ?? issuer.currentKeyIDs)
            if let status {
                json.member("skippedKeys", status.skipped)
                json.member("fetches", status.fetches)
            }
            writeErrors(issuer.remote?.report(at: moment), to: &json)
        }
    }

    private func write(_ source: RefreshingCredentials, to json: inout JSONWriter) {
        let status = source.status(at: moment)
        json.object { json in
            json.member("source", status.source.description)
            json.member("provider", status.provider)
            json.member("expiresAt", status.expiration.map(\.rfc3339))
            json.member("ageSeconds", status.ageSeconds.map { Int($0) })
            writeErrors(source.report(at: moment), to: &json)
        }
    }

    /// - Parameter report: nil for keys in files
    private func writeErrors(_ report: RefreshReport?, to json: inout JSONWriter) {
        if let report { json.member("failuresInARow", report.failuresInARow) }
        json.member("lastError", report?.lastError)
        json.member("lastErrorAgeSeconds", report?.lastErrorAgeSeconds)
    }
}
