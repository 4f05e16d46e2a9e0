// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// The prefix of one rule.
private struct Claim {
    let tenant: String
    /// The bytes with which every key of the rule begins: the template up to its first placeholder, with `{tenant}` expanded.
    let bytes: [UInt8]
    /// The bucket, as the tenant's file names it.
    let bucket: String
    /// The tenant of Ceph that owns the bucket; nil if it can be any.
    let cephTenant: String?
    let position: YAMLPosition
    let log: DiagnosticLog

    var place: String { "\(log.file):\(position.line)" }
    /// Each claim has one of its own.
    var fullPlace: String { "\(place):\(position.column)" }

    /// Whether a claim comes first: by the bytes of its prefix, and equal ones by file and position.
    static func precedes(_ left: Claim, _ right: Claim) -> Bool {
        left.bytes != right.bytes
            ? left.bytes.lexicographicallyPrecedes(right.bytes)
            : (left.log.file, left.position) < (right.log.file, right.position)
    }
}

/// The claims of one name of a bucket with which the current one begins, as a stack.
///
/// Each step takes the same time, however many claims are open: thousands of tenants may have one prefix, each in the bucket of
/// another tenant of Ceph.
private struct OpenClaims {
    private var all = Stack()
    /// The same ones by ``Claim/cephTenant``.
    private var byCephTenant: [String?: Stack] = [:]

    mutating func append(_ claim: Claim) {
        all.append(claim)
        byCephTenant[claim.cephTenant, default: Stack()].append(claim)
    }

    /// Removes the last claims, up to one that is to be kept.
    mutating func keep(where isKept: (Claim) -> Bool) {
        while let last = all.last, !isKept(last) {
            all.removeLast()
            byCephTenant[last.cephTenant]?.removeLast()
        }
    }

    /// The last claim of another tenant whose bucket may be the same (``BucketIdentity/mayBeSame(as:)``); nil if there is none.
    func last(besides claim: Claim) -> Claim? {
        guard let cephTenant = claim.cephTenant else { return all.last(besides: claim) }
        return [cephTenant, nil].compactMap { byCephTenant[$0]?.last(besides: claim) }.max(by: Claim.precedes)
    }

    private struct Stack {
        /// Each claim with the index of the last one before it that is of another tenant; nil if there is none.
        private var claims: [(claim: Claim, other: Int?)] = []

        var last: Claim? { claims.last?.claim }

        mutating func append(_ claim: Claim) {
            var other: Int?
            if let last = claims.last { other = last.claim.tenant == claim.tenant ? last.other : claims.count - 1 }
            claims.append((claim, other))
        }

        mutating func removeLast() { claims.removeLast() }

        /// The last claim of another tenant.
        func last(besides claim: Claim) -> Claim? {
            guard let last = claims.last else { return nil }
            return last.claim.tenant == claim.tenant ? last.other.map { claims[$0].claim } : last.claim
        }
    }
}

extension [TenantDraft] {
    /// Reports prefixes of different tenants in one bucket of which one begins with the other, byte for byte.
    func checkSharedBuckets() {
        var claims: [BucketIdentity.Name: [Claim]] = [:]
        for draft in self {
            for rule in draft.rules {
                guard let store = rule.store, let bucket = store.bucket else { continue }
                let claim = Claim(
                    tenant: draft.id,
                    bytes: rule.prefix.value.leadingBytes,
                    bucket: store.bucketName,
                    cephTenant: bucket.cephTenant,
                    position: rule.prefix.position,
                    log: draft.log
                )
                for name in bucket.names { claims[name, default: []].append(claim) }
            }
        }
        var reported: Set<String> = []
        let groups = claims.values.map { $0.sorted(by: Claim.precedes) }
        for claims in groups.sorted(by: { $0.lexicographicallyPrecedes($1, by: Claim.precedes) }) {
            Self.check(claims, reported: &reported)
        }
    }

    /// In byte order, everything that begins with a prefix follows it directly: a stack of open prefixes finds them all.
    /// - Parameters:
    ///   - sorted: the claims of one name of a bucket
    ///   - reported: the places of claims that were reported; a bucket may have several names
    private static func check(_ sorted: [Claim], reported: inout Set<String>) {
        var open = OpenClaims()
        for claim in sorted {
            open.keep { claim.bytes.starts(with: $0.bytes) }
            if let other = open.last(besides: claim), reported.insert(claim.fullPlace).inserted { report(claim, other) }
            open.append(claim)
        }
    }

    private static func report(_ inner: Claim, _ outer: Claim) {
        let (claim, other) = inner.log.file < outer.log.file ? (outer, inner) : (inner, outer)
        func text(_ claim: Claim) -> String { String(decoding: claim.bytes, as: UTF8.self).quoted }
        let message =
            claim.bytes == other.bytes
            ? "the tenant \(other.tenant.quoted) has the same prefix \(text(claim)) in the bucket \(claim.bucket) (\(other.place))"
            : "the prefix \(text(claim)) overlaps \(text(other)) of the tenant \(other.tenant.quoted) in the bucket \(claim.bucket) (\(other.place))"
        claim.log.problem(
            at: claim.position,
            message,
            "begin each tenant's keyPrefix with a folder of its own: {tenant}/…",
            with: other.log.file
        )
    }
}
