// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import OutgoingHTTP
import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Metrics of issuers' keys, credentials and API keys.
struct DependencyMetrics {
    let snapshot: ServiceSnapshot
    let apiKeyUses: APIKeyUses
    let moment: Moment

    func add(to page: inout PrometheusText) {
        let keySets = keySets
        addKeys(keySets, to: &page)
        addFetches(keySets, to: &page)
        addCredentials(to: &page)
        addAPIKeys(to: &page)
    }

    private struct LabelledKeys {
        let labels: PrometheusText.Labels
        let issuer: ConfiguredIssuer
        let status: RemoteKeysStatus?
    }

    private var keySets: [LabelledKeys] {
        // An issuer may have several key sets at one location: files, or one URL for different algorithms.
        var counts: [[ExactString]: Int] = [:]
        return snapshot.issuers.keySets.map { issuer in
            let location = issuer.keyLocation
            let count = counts[[ExactString(issuer.identifier), ExactString(location)], default: 0] + 1
            counts[[ExactString(issuer.identifier), ExactString(location)]] = count
            return LabelledKeys(
                labels: [("issuer", issuer.identifier), ("keys", count == 1 ? location : "\(location) #\(count)")],
                issuer: issuer, status: issuer.remote?.status(at: moment))
        }
    }

    private func addKeys(_ keySets: [LabelledKeys], to page: inout PrometheusText) {
        page.add(
            "postern_issuer_keys", .gauge, help: "Keys in use, by issuer and location of its keys; 0 if there are none yet."
        ) { samples in
            for keys in keySets { samples.add(keys.labels, keys.issuer.currentKeyIDs.count) }
        }
        page.add("postern_issuer_key_info", .gauge, help: "1 for each key in use, with its id.") { samples in
            for keys in keySets {
                for id in keys.status?.keyIDs ?? keys.issuer.currentKeyIDs { samples.add(keys.labels + [("kid", id ?? "")], 1) }
            }
        }
    }

    private func addFetches(_ keySets: [LabelledKeys], to page: inout PrometheusText) {
        let fetched = keySets.compactMap { keys in keys.status.map { (labels: keys.labels, status: $0) } }
        page.add("postern_issuer_keys_age_seconds", .gauge, help: "Time since an issuer's keys were last fetched.") { samples in
            for (labels, status) in fetched {
                if let age = status.ageSeconds { samples.add(labels, age) }
            }
        }
        addResults(
            of: keySets.compactMap { keys in keys.issuer.remote.map { (keys.labels, $0) } },
            "postern_issuer_fetches_total", help: "Completed fetches of keys, by issuer and result.", to: &page)
        page.add(
            "postern_issuer_last_error_age_seconds", .gauge,
            help: "Time since a fetch of keys last failed; absent if none has failed."
        ) { samples in
            for (labels, status) in fetched {
                guard let age = status.lastErrorAgeSeconds else { continue }
                samples.add(labels + [("reason", status.lastErrorReason ?? "")], age)
            }
        }
    }

    private func addCredentials(to page: inout PrometheusText) {
        let sources = snapshot.credentials.sources.map { source in
            (labels: [("source", source.source.description)] as PrometheusText.Labels, source: source)
        }
        page.add("postern_credentials_usable", .gauge, help: "1 if the credentials of a source can sign a ticket.") { samples in
            for (labels, source) in sources { samples.add(labels, source.problem(at: moment.date) == nil ? 1 : 0) }
        }
        page.add(
            "postern_credentials_expire_seconds", .gauge, help: "Time until credentials expire; absent if they do not."
        ) { samples in
            for (labels, source) in sources {
                if let remaining = source.status(at: moment).remaining { samples.add(labels, remaining) }
            }
        }
        addResults(
            of: sources.map { ($0.labels, $0.source) }, "postern_credentials_refreshes_total",
            help: "Completed fetches of credentials, by source and result.", to: &page)
    }

    /// Adds a counter of completed fetches, by result.
    private func addResults(
        of sources: [(labels: PrometheusText.Labels, source: any RefreshedSource)], _ metric: String, help: String,
        to page: inout PrometheusText
    ) {
        page.add(metric, .counter, help: help) { samples in
            for (labels, source) in sources {
                for (result, count) in source.report(at: moment).results { samples.add(labels + [("result", result)], count) }
            }
        }
    }

    private func addAPIKeys(to page: inout PrometheusText) {
        let keys = snapshot.book.files.flatMap(\.apiKeys)
        page.add(
            "postern_api_key_last_used_timestamp_seconds", .gauge,
            help: "Last use of an API key since the start of this process; absent if it has not been used."
        ) { samples in
            for key in keys {
                guard let last = apiKeyUses.lastUse(of: key) else { continue }
                samples.add([("tenant", key.tenant), ("key", key.id)], last.rounded(.down))
            }
        }
        page.add(
            "postern_api_key_expires_timestamp_seconds", .gauge, help: "Expiry of an API key; absent if it does not expire."
        ) { samples in
            for key in keys {
                guard let end = key.expires?.timeIntervalSince1970 else { continue }
                samples.add([("tenant", key.tenant), ("key", key.id)], end)
            }
        }
    }
}
