// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import OutgoingHTTP
import RuleFiles
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The metrics of issuers' keys, credentials and API keys.
struct DependencyMetrics {
    let snapshot: ServiceSnapshot
    let apiKeyUses: APIKeyUses
    let moment: Moment

    func write(to page: inout PrometheusText) {
        keys(&page)
        fetches(&page)
        credentials(&page)
        apiKeys(&page)
    }

    /// One issuer whose keys are of one place. Two tenants may take the same issuer's keys from different places.
    private struct KeyPlace {
        let labels: [(name: String, value: String)]
        let entry: TrustedIssuers.Entry
        let status: RemoteKeysStatus?
    }

    private var places: [KeyPlace] {
        var seen: Set<[String]> = []
        return snapshot.issuers.distinct.compactMap { entry in
            // Differing in the private authorities or the algorithms alone is not worth a label.
            guard seen.insert([entry.issuer.identifier, entry.place]).inserted else { return nil }
            return KeyPlace(
                labels: [("issuer", entry.issuer.identifier), ("keys", entry.place)], entry: entry,
                status: entry.remote?.status(at: moment))
        }
    }

    private func keys(_ page: inout PrometheusText) {
        page.metric(
            "postern_issuer_keys", "gauge", help: "Keys in use, by issuer and place of its keys; 0 where there are none yet.")
        for place in places {
            page.sample("postern_issuer_keys", place.labels, place.entry.trusted.keys.current?.keyIDs.count ?? 0)
        }
        page.metric("postern_issuer_key_info", "gauge", help: "1 for each key in use, with its id.")
        for place in places {
            for id in place.status?.keyIDs ?? place.entry.trusted.keys.current?.keyIDs ?? [] {
                page.sample("postern_issuer_key_info", place.labels + [("kid", id ?? "")], 1)
            }
        }
    }

    private func fetches(_ page: inout PrometheusText) {
        let fetched = places.compactMap { place in place.status.map { (labels: place.labels, status: $0) } }
        page.metric("postern_issuer_keys_age_seconds", "gauge", help: "Time since an issuer's keys were last fetched.")
        for (labels, status) in fetched {
            if let age = status.ageSeconds { page.sample("postern_issuer_keys_age_seconds", labels, age) }
        }
        results(
            of: places.compactMap { place in place.entry.remote.map { (place.labels, $0) } },
            "postern_issuer_fetches_total", help: "Fetches of keys that ended, by issuer and result.", &page)
        page.metric(
            "postern_issuer_last_error_age_seconds", "gauge",
            help: "Time since a fetch of keys last failed; absent where none did.")
        for (labels, status) in fetched {
            guard let age = status.lastErrorAgeSeconds else { continue }
            page.sample("postern_issuer_last_error_age_seconds", labels + [("reason", status.lastErrorReason ?? "")], age)
        }
    }

    private func credentials(_ page: inout PrometheusText) {
        let statuses = snapshot.credentials.sources.map { $0.status(at: moment) }
        page.metric("postern_credentials_usable", "gauge", help: "1 where a ticket can be signed with a source's credentials.")
        for source in snapshot.credentials.sources {
            page.sample(
                "postern_credentials_usable", [("source", source.source.description)],
                source.problem(at: moment.date) == nil ? 1 : 0)
        }
        page.metric(
            "postern_credentials_expire_seconds", "gauge", help: "Time until credentials end; absent for those without end.")
        for status in statuses {
            guard let remaining = status.remaining else { continue }
            page.sample("postern_credentials_expire_seconds", [("source", status.source.description)], remaining)
        }
        results(
            of: snapshot.credentials.sources.map { ([("source", $0.source.description)], $0) },
            "postern_credentials_refreshes_total", help: "Attempts to fetch credentials, by source and result.", &page)
    }

    /// A counter of the fetches that ended, by result.
    private func results(
        of sources: [(labels: [(name: String, value: String)], source: any RefreshedSource)], _ name: String, help: String,
        _ page: inout PrometheusText
    ) {
        page.metric(name, "counter", help: help)
        for (labels, source) in sources {
            for (result, count) in source.report(at: moment).results {
                page.sample(name, labels + [("result", result)], count)
            }
        }
    }

    private func apiKeys(_ page: inout PrometheusText) {
        page.metric(
            "postern_api_key_last_used_timestamp_seconds", "gauge",
            help: "Last use of an API key since the start of this process; absent where there was none.")
        for file in snapshot.book.files {
            for key in file.apiKeys {
                guard let last = apiKeyUses.last(tenant: key.tenant, id: key.id) else { continue }
                page.sample(
                    "postern_api_key_last_used_timestamp_seconds", [("tenant", key.tenant), ("key", key.id)], last.rounded(.down))
            }
        }
        page.metric(
            "postern_api_key_expires_timestamp_seconds", "gauge", help: "End of an API key; absent for those without end.")
        for file in snapshot.book.files {
            for key in file.apiKeys {
                guard let end = key.expires?.timeIntervalSince1970 else { continue }
                page.sample("postern_api_key_expires_timestamp_seconds", [("tenant", key.tenant), ("key", key.id)], end)
            }
        }
    }
}
