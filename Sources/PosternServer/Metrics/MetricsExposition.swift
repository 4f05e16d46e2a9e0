// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import RuleFiles
import UploadRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What `/metrics` shows.
struct MetricsExposition: Sendable {
    let metrics: ServiceMetrics
    let state: ServiceState
    let readiness: Readiness
    let connections: ConnectionTable
    let sink: LogSink
    let clock: ServiceClock
    let startedAt: Date

    func text() -> String {
        let counts = metrics.snapshot()
        var page = PrometheusText()
        requests(counts, &page)
        decisions(counts, &page)
        connections(&page)
        page.metric("postern_log_lines_dropped_total", "counter", help: "Log lines dropped because their reader was too slow.")
        page.sample("postern_log_lines_dropped_total", [], sink.droppedLines)
        service(&page)
        DependencyMetrics(snapshot: state.current, apiKeyUses: state.apiKeyUses, moment: clock.moment())
            .write(to: &page)
        process(&page)
        return page.text
    }

    private func requests(_ counts: ServiceMetrics.Counts, _ page: inout PrometheusText) {
        page.metric("postern_requests_total", "counter", help: "Requests answered, by route and status.")
        // Two labels may have one text.
        var byRoute: [String: ServiceMetrics.Requests] = [:]
        for (label, requests) in counts.requests where !requests.statuses.isEmpty {
            byRoute[label.text, default: .init()].durations.add(requests.durations)
            byRoute[label.text, default: .init()].statuses.merge(requests.statuses, uniquingKeysWith: +)
        }
        let routes = byRoute.sorted { $0.key < $1.key }
        for (route, requests) in routes {
            for (status, count) in requests.statuses.sorted(by: { $0.key < $1.key }) {
                page.sample("postern_requests_total", [("route", route), ("status", String(status))], count)
            }
        }
        page.metric("postern_request_duration_seconds", "histogram", help: "Time from a request's head to its answer.")
        for (route, requests) in routes {
            let histogram = requests.durations
            var below = 0
            for (bucket, bound) in zip(histogram.buckets, DurationHistogram.bounds) {
                below += bucket
                page.sample("postern_request_duration_seconds_bucket", [("route", route), ("le", String(bound))], below)
            }
            page.sample("postern_request_duration_seconds_bucket", [("route", route), ("le", "+Inf")], histogram.count)
            page.sample("postern_request_duration_seconds_sum", [("route", route)], histogram.sum)
            page.sample("postern_request_duration_seconds_count", [("route", route)], histogram.count)
        }
    }

    private func decisions(_ counts: ServiceMetrics.Counts, _ page: inout PrometheusText) {
        page.metric("postern_tickets_issued_total", "counter", help: "Tickets issued, by tenant and rule.")
        for served in state.current.tenants {
            for (rule, count) in served.issuedTickets.sorted(by: { $0.rule < $1.rule }) {
                page.sample("postern_tickets_issued_total", [("tenant", served.tenant.id), ("rule", rule)], count)
            }
        }
        page.metric(
            "postern_limit_users", "gauge", help: "Users who are remembered for limits per user, by tenant; absent for none.")
        for served in state.current.tenants {
            guard let count = served.limiter?.rememberedUsers, count > 0 else { continue }
            page.sample("postern_limit_users", [("tenant", served.tenant.id)], count)
        }
        page.metric("postern_problems_total", "counter", help: "Problems answered, by code.")
        for (code, count) in counts.problems.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            page.sample("postern_problems_total", [("code", code.rawValue)], count)
        }
        page.metric(
            "postern_authentication_failures_total", "counter", help: "Tokens and API keys refused, by the check that failed.")
        for (reason, count) in counts.authenticationFailures.sorted(by: { $0.key < $1.key }) {
            page.sample("postern_authentication_failures_total", [("reason", reason)], count)
        }
    }

    private func connections(_ page: inout PrometheusText) {
        let figures = connections.figures
        page.metric("postern_connections_open", "gauge", help: "Public connections that are open.")
        page.sample("postern_connections_open", [], figures.open)
        page.metric("postern_connections_limit", "gauge", help: "Public connections at most.")
        page.sample("postern_connections_limit", [], connections.limit)
        page.metric("postern_connections_total", "counter", help: "Public connections accepted.")
        page.sample("postern_connections_total", [], figures.accepted)
        page.metric(
            "postern_connections_refused_total", "counter",
            help: "Public connections refused because there were too many, in all or from one address.")
        page.sample("postern_connections_refused_total", [], figures.refused)
        page.metric(
            "postern_connections_evicted_total", "counter", help: "Idle public connections closed to make room for new ones.")
        page.sample("postern_connections_evicted_total", [], figures.evicted)
        page.metric(
            "postern_connections_held_bytes", "gauge",
            help: "Bytes of half-sent requests and of responses that their clients do not read.")
        page.sample("postern_connections_held_bytes", [], figures.heldBytes)
    }

    private func service(_ page: inout PrometheusText) {
        let book = state.current.book
        page.metric("postern_ready", "gauge", help: "1 when the service should be sent requests.")
        page.sample("postern_ready", [], readiness.report(at: clock.now()).isReady ? 1 : 0)
        page.metric("postern_tenants", "gauge", help: "Tenants in force.")
        page.sample("postern_tenants", [], book.tenants.count)
        page.metric("postern_rule_book_generation", "gauge", help: "Counts the rule books loaded by this process.")
        page.sample("postern_rule_book_generation", [], book.generation)
        let cache = state.current.authenticator.cacheStatistics
        page.metric("postern_token_cache_tokens", "gauge", help: "Verified tokens that are kept.")
        page.sample("postern_token_cache_tokens", [], cache.entries)
        page.metric("postern_token_cache_hits_total", "counter", help: "Tokens that were found among those that are kept.")
        page.sample("postern_token_cache_hits_total", [], cache.hits)
        page.metric("postern_token_cache_misses_total", "counter", help: "Tokens that had to be verified, valid or not.")
        page.sample("postern_token_cache_misses_total", [], cache.misses)
        page.metric("postern_build_info", "gauge", help: "The version in a label.")
        page.sample("postern_build_info", [("version", PosternVersion.current)], 1)
    }

    private func process(_ page: inout PrometheusText) {
        page.metric("process_start_time_seconds", "gauge", help: "Start of the process, in Unix time.")
        page.sample("process_start_time_seconds", [], startedAt.timeIntervalSince1970)
        if let resident = ProcessMetrics.residentBytes() {
            page.metric("process_resident_memory_bytes", "gauge", help: "Resident memory.")
            page.sample("process_resident_memory_bytes", [], resident)
        }
    }
}
