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
    let reloads: ReloadStatus.Report
    let connections: ConnectionTable
    let moment: Moment

    func write(to json: inout JSONWriter) {
        json.member("generation", snapshot.generation)
        json.member("digest", snapshot.book.digest)
        json.member("rulesAgeSeconds", seconds(since: reloads.replacedAt))
        json.member("lastLookAgeSeconds", reloads.lookedAt.map { seconds(since: $0) })
        json.member("tenants", snapshot.book.tenants.count)
        json.member("reasons", report.reasons)
        writeHeldBack(to: &json)
        json.array("issuers", of: snapshot.issuers.keySets) { json, issuer in json.object { writeMembers(of: issuer, to: &$0) } }
        json.array("credentials", of: snapshot.credentials.sources) { json, source in
            json.object { writeMembers(of: source, source.status(at: moment), to: &$0) }
        }
        writeConnections(to: &json)
    }

    func writeConnections(to json: inout JSONWriter) {
        let figures = connections.figures
        json.object("connections") { json in
            json.member("open", figures.open)
            json.member("limit", connections.limit)
            json.member("refused", figures.refused)
            json.member("closedForOthers", figures.evicted)
        }
    }

    /// Writes the first files that are held back, with their first problems: bounded, however many there are.
    func writeHeldBack(to json: inout JSONWriter) {
        json.member("heldBackFiles", reloads.heldBack.count)
        var problemsLeft = Self.maximumProblems
        json.array("heldBack", of: reloads.heldBack.prefix(Self.maximumHeldBack)) { json, held in
            let problems = held.file.problems.prefix(min(problemsLeft, Self.maximumProblemsOfFile))
            problemsLeft -= problems.count
            json.object { json in
                json.member("file", held.file.file)
                json.member("tenant", held.file.tenant)
                json.member("serves", held.file.isServed)
                json.member("sinceSeconds", seconds(since: held.since))
                json.member("problemCount", held.file.problems.count)
                json.array("problems", of: problems) { Self.write($1, to: &$0) }
            }
        }
    }

    private static let maximumHeldBack = 100
    private static let maximumProblems = 200
    private static let maximumProblemsOfFile = 20
    private static let maximumTextLength = 500

    static func write(_ problem: Diagnostic, to json: inout JSONWriter) {
        json.object { json in
            json.member("file", problem.file)
            json.member("line", problem.line)
            json.member("column", problem.column)
            json.member("message", problem.message.printable(limit: maximumTextLength))
            json.member("advice", problem.advice.printable(limit: maximumTextLength))
        }
    }

    func seconds(since start: Moment) -> Int {
        max(0, Int((moment.uptime - start.uptime) / .seconds(1)))
    }

    func writeMembers(of issuer: ConfiguredIssuer, to json: inout JSONWriter) {
        let status = issuer.remote?.status(at: moment)
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

    func writeMembers(of source: RefreshingCredentials, _ status: CredentialsStatus, to json: inout JSONWriter) {
        json.member("source", status.source.description)
        json.member("provider", status.provider)
        json.member("expiresAt", status.expiration.map(\.rfc3339))
        json.member("ageSeconds", status.ageSeconds.map { Int($0) })
        writeErrors(source.report(at: moment), to: &json)
    }

    /// - Parameter report: nil for keys in files
    private func writeErrors(_ report: RefreshReport?, to json: inout JSONWriter) {
        if let report { json.member("failuresInARow", report.failuresInARow) }
        json.member("lastError", report?.lastError)
        json.member("lastErrorAgeSeconds", report?.lastErrorAgeSeconds)
    }
}
