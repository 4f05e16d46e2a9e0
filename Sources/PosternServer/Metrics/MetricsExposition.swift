// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import OutgoingHTTP
import RuleFiles
import UploadRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The page at `/metrics`.
struct MetricsExposition: Sendable {
    let metrics: ServiceMetrics
    let state: ServiceState
    let readiness: Readiness
    let connections: ConnectionTable
    let lag: EventLoopLag
    let sink: LogSink
    var audit: AuditLog?
    let clock: ServiceClock
    let startedAt: Date

    func text() -> String {
        let counts = metrics.snapshot()
        var page = PrometheusText()
        addRequests(counts, to: &page)
        addTickets(to: &page)
        addFailures(counts, to: &page)
        addConnections(to: &page)
        addLag(to: &page)
        page.addValue(
            "postern_log_lines_dropped_total", .counter, help: "Log lines dropped because their reader was too slow.",
            value: sink.droppedLines)
        addAudit(to: &page)
        addService(to: &page)
        DependencyMetrics(snapshot: state.current, apiKeyUses: state.apiKeyUses, moment: clock.moment()).add(to: &page)
        ProcessMetrics(startedAt: startedAt).add(to: &page)
        return page.text
    }

    private func addAudit(to page: inout PrometheusText) {
        guard let status = audit?.status else { return }
        page.addValue(
            "postern_audit_writable", .gauge, help: "1 if audit lines can be written.", value: status.problem == nil ? 1 : 0)
        page.addValue(
            "postern_audit_reopening_failed", .gauge,
            help: "1 if the audit log was renamed and no new file can be made: lines go to the renamed one.",
            value: status.reopeningProblem == nil ? 0 : 1)
        page.addValue("postern_audit_lines_total", .counter, help: "Audit lines written.", value: status.written)
        page.addValue(
            "postern_audit_lines_dropped_total", .counter, help: "Audit lines of refusals that were not written.",
            value: status.dropped)
        page.addValue(
            "postern_audit_failed_requests_total", .counter,
            help: "Requests for tickets that failed because their audit lines were not written.", value: status.failedRequests)
    }

    private func addRequests(_ counts: ServiceMetrics.Counts, to page: inout PrometheusText) {
        // Several labels may have the same text.
        var byRoute: [String: ServiceMetrics.Requests] = [:]
        for (label, requests) in counts.requests where !requests.statuses.isEmpty {
            byRoute[label.text, default: .init()].durations.add(requests.durations)
            byRoute[label.text, default: .init()].statuses.merge(requests.statuses, uniquingKeysWith: +)
        }
        let routes = byRoute.sorted { $0.key < $1.key }
        page.add("postern_requests_total", .counter, help: "Requests answered, by route and status.") { samples in
            for (route, requests) in routes {
                for (status, count) in requests.statuses.sorted(by: { $0.key < $1.key }) {
                    samples.add([("route", route), ("status", String(status))], count)
                }
            }
        }
        page.add(
            "postern_request_duration_seconds", .histogram, help: "Time from the head of a request to its response."
        ) { samples in
            for (route, requests) in routes {
                samples.add([("route", route)], requests.durations)
            }
        }
    }

    private func addTickets(to page: inout PrometheusText) {
        let decisions = state.current.tenants.flatMap { served in
            served.decisions.map {
                (labels: [("tenant", served.tenant.id), ("rule", $0.rule)] as PrometheusText.Labels, counts: $0)
            }
        }
        page.add("postern_tickets_issued_total", .counter, help: "Tickets issued, by tenant and rule.") { samples in
            for (labels, counts) in decisions where counts.tickets > 0 { samples.add(labels, counts.tickets) }
        }
        page.add(
            "postern_tickets_refused_total", .counter,
            help:
                "Refused requests for tickets of authenticated callers, by tenant, rule and code; no rule if there is no such rule."
        ) { samples in
            for (labels, counts) in decisions {
                for (code, count) in counts.refusals.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    samples.add(labels + [("code", code.rawValue)], count)
                }
            }
        }
        page.add(
            "postern_authorised_bytes_total", .counter,
            help: "The largest files that the issued tickets allow, in bytes, by tenant and rule."
        ) { samples in
            for (labels, counts) in decisions where counts.tickets > 0 { samples.add(labels, counts.authorisedBytes) }
        }
        page.add(
            "postern_limit_users", .gauge, help: "Users counted by limits per user, by tenant; absent if there are none."
        ) { samples in
            for served in state.current.tenants {
                guard let count = served.limiter?.rememberedUsers, count > 0 else { continue }
                samples.add([("tenant", served.tenant.id)], count)
            }
        }
    }

    private func addFailures(_ counts: ServiceMetrics.Counts, to page: inout PrometheusText) {
        page.add("postern_problems_total", .counter, help: "Problems in responses, by code.") { samples in
            for (code, count) in counts.problems.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                samples.add([("code", code.rawValue)], count)
            }
        }
        page.add(
            "postern_authentication_failures_total", .counter, help: "Tokens and API keys refused, by the check that failed."
        ) { samples in
            for (reason, count) in counts.authenticationFailures.sorted(by: { $0.key < $1.key }) {
                samples.add([("reason", reason)], count)
            }
        }
    }

    private func addConnections(to page: inout PrometheusText) {
        let figures = connections.figures
        page.addValue("postern_connections_open", .gauge, help: "Open public connections.", value: figures.open)
        page.addValue(
            "postern_connections_limit", .gauge, help: "The maximum number of public connections.", value: connections.limit)
        page.addValue("postern_connections_total", .counter, help: "Public connections accepted.", value: figures.accepted)
        page.addValue(
            "postern_connections_refused_total", .counter,
            help: "Public connections refused because there were too many, in total or from one address.",
            value: figures.refused)
        page.addValue(
            "postern_connections_evicted_total", .counter, help: "Idle public connections closed to make room for new ones.",
            value: figures.evicted)
        page.addValue(
            "postern_connections_held_bytes", .gauge,
            help: "Bytes of incomplete requests and of responses that their clients have not read.", value: figures.heldBytes)
    }

    private func addLag(to page: inout PrometheusText) {
        page.add(
            "postern_event_loop_lag_seconds", .histogram,
            help: "How late the event loops of the public listener do what is due, measured on each of them ten times a second."
        ) { $0.add([], lag.durations) }
    }

    private func addService(to page: inout PrometheusText) {
        let current = state.current
        page.addValue(
            "postern_ready", .gauge, help: "1 if the service is ready for requests, as in /readyz.",
            value: readiness.report(at: clock.now()).isReady ? 1 : 0)
        page.addValue("postern_tenants", .gauge, help: "Tenants served.", value: current.book.tenants.count)
        addReloads(current, to: &page)
        let cache = current.authenticator.cacheStatistics
        page.addValue("postern_token_cache_tokens", .gauge, help: "Verified tokens in the cache.", value: cache.entries)
        page.addValue("postern_token_cache_hits_total", .counter, help: "Tokens found in the cache.", value: cache.hits)
        page.addValue(
            "postern_token_cache_misses_total", .counter, help: "Tokens that had to be verified, valid or not.",
            value: cache.misses)
        page.add("postern_build_info", .gauge, help: "Always 1; the version is in a label.") { samples in
            samples.add([("version", PosternVersion.current)], 1)
        }
    }

    private func addReloads(_ current: ServiceSnapshot, to page: inout PrometheusText) {
        let report = state.reloads.report
        page.addValue(
            "postern_rules_generation", .gauge,
            help: "Counts the rules, keys and certificates that this process has put into force.",
            value: current.generation)
        page.addValue(
            "postern_rules_held_back_files", .gauge, help: "Files whose latest content is not in force.",
            value: report.heldBack.count)
        page.add(
            "postern_rules_reloads_total", .counter,
            help: "Changes of files: all in force (ok), some files held back (partial), nothing in force (held-back)."
        ) { samples in
            for result in ReloadStatus.Result.allCases {
                samples.add([("result", result.rawValue)], report.results[result] ?? 0)
            }
        }
        page.addValue(
            "postern_rules_last_reload_timestamp_seconds", .gauge, help: "When the rules in force were put into force.",
            value: report.replacedAt.date.timeIntervalSince1970.rounded(.down))
        page.add(
            "postern_rules_last_look_timestamp_seconds", .gauge,
            help: "When files were last looked at; absent if they have not been since the start."
        ) { samples in
            guard let moment = report.lookedAt else { return }
            samples.add([], moment.date.timeIntervalSince1970.rounded(.down))
        }
        page.add(
            "postern_tls_certificate_expires_timestamp_seconds", .gauge,
            help: "Expiry of the public listener's certificate; absent without TLS."
        ) { samples in
            guard let certificate = current.certificate else { return }
            samples.add([], certificate.validity.end.timeIntervalSince1970)
        }
        page.add(
            "postern_tls_certificate_starts_timestamp_seconds", .gauge,
            help: "When the public listener's certificate became valid; absent without TLS."
        ) { samples in
            guard let certificate = current.certificate else { return }
            samples.add([], certificate.validity.start.timeIntervalSince1970)
        }
    }
}
