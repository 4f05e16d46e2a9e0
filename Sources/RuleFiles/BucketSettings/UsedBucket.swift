// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
package import UploadRules

/// A bucket with every store of every tenant that is this bucket, however each spells it.
package struct UsedBucket: Sendable {
    /// A store of a tenant.
    package struct Use: Sendable {
        package let tenant: Tenant
        package let store: Store

        /// The tenant's rules for this store; never empty.
        package var rules: [UploadRule] { tenant.rules.filter { $0.store === store } }
    }

    /// The first store that names it.
    package let store: Store
    package let uses: [Use]

    package var endpoint: StoreEndpoint { store.endpoint }
    /// The ids of the tenants, each once.
    package var tenants: [String] {
        uses.reduce(into: []) { if $0.last != $1.tenant.id { $0.append($1.tenant.id) } }
    }

    /// Returns the buckets of some tenants, in the order in which the tenants name them.
    package static func all(of tenants: some Sequence<Tenant>) -> [UsedBucket] {
        var groups: [[Use]] = []
        var places: [BucketIdentity.Name: Int] = [:]
        for tenant in tenants {
            for store in tenant.stores {
                let names = store.endpoint.identity.names
                let known = Set(names.compactMap { places[$0] }).sorted()
                let place = known.first ?? groups.count
                if known.isEmpty { groups.append([]) }
                // A store with two names shows that two groups are one bucket.
                for other in known.dropFirst() {
                    groups[place] += groups[other]
                    groups[other] = []
                    places = places.mapValues { $0 == other ? place : $0 }
                }
                groups[place].append(Use(tenant: tenant, store: store))
                for name in names { places[name] = place }
            }
        }
        return groups.compactMap { uses in uses.first.map { UsedBucket(store: $0.store, uses: uses) } }
    }
}

/// Commands of AWS's command line, for operators to paste.
package enum AWSCommand {
    /// Returns `aws s3api OPERATION --bucket NAME …` for a bucket, with its region or endpoint.
    /// - Parameter options: the rest of the command
    package static func s3api(_ operation: String, _ endpoint: StoreEndpoint, _ options: String = "") -> String {
        "aws s3api \(operation) --bucket \(endpoint.bucket)" + (options.isEmpty ? "" : " \(options)") + place(of: endpoint)
    }

    private static func place(of endpoint: StoreEndpoint) -> String {
        guard !endpoint.identity.isAWS else { return " --region \(endpoint.region)" }
        return " --endpoint-url \(storeURL(of: endpoint) ?? "https://…")"
    }

    /// The URL of the store without the bucket; nil if the store is not known: the host is the bucket.
    private static func storeURL(of endpoint: StoreEndpoint) -> String? {
        let bucket = endpoint.bucket
        if endpoint.url.hasSuffix("/\(bucket)/") { return String(endpoint.url.dropLast(bucket.count + 2)) }
        guard endpoint.host.hasPrefix("\(bucket)."), let scheme = endpoint.url.firstRange(of: "://") else { return nil }
        return String(
            endpoint.url[..<scheme.upperBound] + endpoint.url[scheme.upperBound...].dropFirst(bucket.count + 1).dropLast())
    }
}
