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
    let position: YAMLPosition
    let log: DiagnosticLog

    var place: String { "\(log.file):\(position.line)" }
    /// Each claim has one of its own.
    var fullPlace: String { "\(place):\(position.column)" }
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
                    position: rule.prefix.position,
                    log: draft.log
                )
                for name in bucket.names { claims[name, default: []].append(claim) }
            }
        }
        var reported: Set<String> = []
        let groups = claims.values.map { $0.sorted(by: Self.precedes) }
        for claims in groups.sorted(by: { $0.lexicographicallyPrecedes($1, by: Self.precedes) }) {
            Self.check(claims, reported: &reported)
        }
    }

    /// In byte order, everything that begins with a prefix follows it directly: a stack of open prefixes finds them all.
    /// - Parameter reported: the places of claims that were reported; a bucket may have several names
    private static func check(_ sorted: [Claim], reported: inout Set<String>) {
        var open: [Claim] = []
        for claim in sorted {
            while let last = open.last, !claim.bytes.starts(with: last.bytes) { open.removeLast() }
            if let other = open.last(where: { $0.tenant != claim.tenant }), reported.insert(claim.fullPlace).inserted {
                report(claim, other)
            }
            open.append(claim)
        }
    }

    /// Whether a claim comes first: by the bytes of its prefix, and equal ones by file and position.
    private static func precedes(_ left: Claim, _ right: Claim) -> Bool {
        left.bytes != right.bytes
            ? left.bytes.lexicographicallyPrecedes(right.bytes)
            : (left.log.file, left.position) < (right.log.file, right.position)
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
