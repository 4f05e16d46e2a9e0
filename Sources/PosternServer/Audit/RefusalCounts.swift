// SPDX-License-Identifier: Apache-2.0

/// Which refusals are written, and how many were not.
struct RefusalCounts {
    struct Counts {
        let tenant: String
        var byCode: [ProblemCode: Int] = [:]
        /// Of the first one, in seconds since 1970.
        var since: Double
    }

    /// Lines of one tenant: ten at once, and one a second.
    private static let ofTenant = LineBudget(burst: 10, perSecond: 1)
    /// Lines of all tenants: a hundred at once, and twenty a second.
    private var all = LineBudget(burst: 100, perSecond: 20)
    /// Those with recent refusals.
    private(set) var tenants: [String: (budget: LineBudget, counts: Counts?)] = [:]

    /// Whether a line may be written; if not, the refusal is counted.
    mutating func mayWrite(_ code: ProblemCode, of tenant: String, at now: Double) -> Bool {
        var entry = tenants[tenant] ?? (Self.ofTenant, nil)
        defer { tenants[tenant] = entry }
        if entry.budget.hasLine(at: now), all.hasLine(at: now) {
            entry.budget.take()
            all.take()
            return true
        }
        var counts = entry.counts ?? Counts(tenant: tenant, since: now)
        counts.byCode[code, default: 0] += 1
        entry.counts = counts
        return false
    }

    /// Returns and forgets the counts that began a minute ago, and forgets tenants without recent refusals.
    mutating func takeCounts(at now: Double, everything: Bool) -> [Counts] {
        var taken: [Counts] = []
        for (tenant, entry) in tenants {
            if let counts = entry.counts {
                guard everything || now - counts.since >= 60 || counts.since > now else { continue }
                taken.append(counts)
                tenants[tenant]?.counts = nil
            } else if entry.budget.isFull(at: now) {
                tenants[tenant] = nil
            }
        }
        return taken.sorted { $0.tenant < $1.tenant }
    }
}

/// A rate of lines: so many at once, and so many in a second.
struct LineBudget {
    private let burst: Double
    private let perSecond: Double
    private var left: Double
    private var updatedAt: Double?

    init(burst: Double, perSecond: Double) {
        self.burst = burst
        self.perSecond = perSecond
        left = burst
    }

    /// - Parameter now: in seconds; if it is before the last call, nothing is added
    mutating func hasLine(at now: Double) -> Bool {
        left = min(burst, left + max(0, now - (updatedAt ?? now)) * perSecond)
        updatedAt = now
        return left >= 1
    }

    mutating func take() { left -= 1 }

    func isFull(at now: Double) -> Bool {
        left + max(0, now - (updatedAt ?? now)) * perSecond >= burst
    }
}
