// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import TenantRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The metrics of what Postern lives on: issuers' keys, credentials, API keys.
struct SourceMetrics {
    let snapshot: ServiceSnapshot
    let apiKeyUses: APIKeyUses
    let now: Date
    let uptime: Duration

    func write(to page: inout PrometheusText) {
        keys(&page)
        fetches(&page)
        credentials(&page)
        apiKeys(&page)
    }

    private func keys(_ page: inout PrometheusText) {
        // An issuer whose keys two tenants take from different places is one line: the labels must be unique.
        var seen: Set<String> = []
        let entries = snapshot.issuers.distinct.filter { seen.insert($0.issuer.issuer).inserted }
        page.metric("postern_issuer_keys", "gauge", help: "Keys in use, by issuer; 0 where there are none yet.")
        for entry in entries {
            page.sample("postern_issuer_keys", [("issuer", entry.issuer.issuer)], entry.issuer.keys.current?.keyIDs.count ?? 0)
        }
        page.metric("postern_issuer_key_info", "gauge", help: "1 for each key in use, with its id.")
        for entry in entries {
            let ids = entry.remote?.status(at: uptime).keyIDs ?? entry.issuer.keys.current?.keyIDs ?? []
            for id in ids {
                page.sample("postern_issuer_key_info", [("issuer", entry.issuer.issuer), ("kid", id ?? "")], 1)
            }
        }
    }

    private func fetches(_ page: inout PrometheusText) {
        var seen: Set<String> = []
        let statuses = snapshot.issuers.remote.map { $0.status(at: uptime) }.filter { seen.insert($0.issuer).inserted }
        page.metric("postern_issuer_keys_age_seconds", "gauge", help: "Time since an issuer's keys were last fetched.")
        for status in statuses {
            if let age = status.ageSeconds { page.sample("postern_issuer_keys_age_seconds", [("issuer", status.issuer)], age) }
        }
        page.metric("postern_issuer_fetches_total", "counter", help: "Fetches of keys that ended, by issuer and result.")
        for status in statuses {
            for (result, count) in status.results {
                page.sample("postern_issuer_fetches_total", [("issuer", status.issuer), ("result", result)], count)
            }
        }
        page.metric(
            "postern_issuer_last_error_age_seconds", "gauge",
            help: "Time since a fetch of keys last failed; absent where none did.")
        for status in statuses {
            guard let age = status.lastErrorAgeSeconds else { continue }
            page.sample(
                "postern_issuer_last_error_age_seconds",
                [("issuer", status.issuer), ("reason", status.lastErrorReason ?? "")], age)
        }
    }

    private func credentials(_ page: inout PrometheusText) {
        let statuses = snapshot.credentials.sources.map { $0.status(at: now, uptime: uptime) }
        page.metric("postern_credentials_usable", "gauge", help: "1 where a source's credentials can sign.")
        for source in snapshot.credentials.sources {
            page.sample(
                "postern_credentials_usable", [("source", source.origin.description)], source.problem(at: now) == nil ? 1 : 0)
        }
        page.metric(
            "postern_credentials_expire_seconds", "gauge", help: "Time until credentials end; absent for those without end.")
        for status in statuses {
            guard let remaining = status.remaining else { continue }
            page.sample("postern_credentials_expire_seconds", [("source", status.origin.description)], remaining)
        }
        page.metric(
            "postern_credentials_refreshes_total", "counter", help: "Attempts to fetch credentials, by source and result.")
        for status in statuses {
            let source = status.origin.description
            page.sample("postern_credentials_refreshes_total", [("source", source), ("result", "ok")], status.successes)
            page.sample("postern_credentials_refreshes_total", [("source", source), ("result", "failed")], status.failures)
        }
    }

    private func apiKeys(_ page: inout PrometheusText) {
        page.metric(
            "postern_api_key_last_used_timestamp_seconds", "gauge",
            help: "Last use of an API key since the start of this process; absent where there was none.")
        for tenant in snapshot.book.tenants {
            for key in tenant.apiKeys {
                guard let last = apiKeyUses.last(tenant: tenant.id, id: key.id) else { continue }
                page.sample(
                    "postern_api_key_last_used_timestamp_seconds", [("tenant", tenant.id), ("key", key.id)], last.rounded(.down))
            }
        }
        page.metric(
            "postern_api_key_expires_timestamp_seconds", "gauge", help: "End of an API key; absent for those without end.")
        for tenant in snapshot.book.tenants {
            for key in tenant.apiKeys {
                guard let end = key.expires?.timeIntervalSince1970 else { continue }
                page.sample("postern_api_key_expires_timestamp_seconds", [("tenant", tenant.id), ("key", key.id)], end)
            }
        }
    }
}

extension RemoteKeysStatus {
    /// The fetches that ended: `ok`, and each reason of failure.
    fileprivate var results: [(result: String, count: Int)] {
        [("ok", successes)] + failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
