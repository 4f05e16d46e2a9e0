// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
package import UploadRules
import WireFormats

/// A bucket with every store of every tenant that is this bucket, however each spells it.
package struct UsedBucket: Sendable {
    /// A store of a tenant.
    package struct Use: Sendable {
        package let tenant: Tenant
        package let store: Store

        /// The tenant's rules for this store; never empty.
        package var rules: [UploadRule] { tenant.rules.filter { $0.store === store } }

        fileprivate var cephTenant: String? { store.endpoint.identity.cephTenant }
    }

    /// The first store whose address names a tenant of Ceph, or else the first one whose address tells the store from the bucket, or
    /// else the first one: commands need both.
    package let store: Store
    package let uses: [Use]
    /// The buckets of different tenants of Ceph that it may be, as rule files name them, if no store says which; otherwise empty.
    package let candidates: [String]

    private init?(_ uses: [Use], candidates: [String] = []) {
        guard
            let use = uses.first(where: { $0.cephTenant != nil }) ?? uses.first(where: { $0.store.endpoint.storeURL != nil })
                ?? uses.first
        else { return nil }
        store = use.store
        self.uses = uses
        self.candidates = candidates
    }

    package var endpoint: StoreEndpoint { store.endpoint }
    /// The ids of the tenants, each once.
    package var tenants: [String] {
        var known: Set<ExactString> = []
        return uses.map(\.tenant.id).filter { known.insert(ExactString($0)).inserted }
    }

    /// Whether a text is the name of the bucket, with Ceph's tenant or without, or its URL as a store has it.
    package func isNamed(_ text: String) -> Bool {
        uses.map(\.store.endpoint).contains { endpoint in
            [endpoint.fullBucket, endpoint.bucket, endpoint.url, String(endpoint.url.dropLast())].contains {
                $0.hasSameBytes(as: text)
            }
        }
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
        return groups.flatMap(divided)
    }

    /// Divides stores that have names in common by the tenants of Ceph that own the buckets.
    ///
    /// A store that names no tenant of Ceph is of the only one that others name. If they name several it can be of each, so it stays
    /// a bucket of its own.
    private static func divided(_ uses: [Use]) -> [UsedBucket] {
        var owners: [String?] = []
        for use in uses where !owners.contains(use.cephTenant) { owners.append(use.cephTenant) }
        guard owners.count(where: { $0 != nil }) > 1 else { return [UsedBucket(uses)].compactMap(\.self) }
        let named = uses.filter { $0.cephTenant != nil }.map(\.store.endpoint.fullBucket)
        return owners.compactMap { owner in
            UsedBucket(
                uses.filter { $0.cephTenant == owner },
                candidates: owner == nil ? named.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } : [])
        }
    }
}
