// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// The prefix of one rule.
private struct Claim {
    let tenant: String
    /// The bytes with which every key of the rule begins: the template up to its first placeholder, with `{tenant}` expanded.
    let bytes: [UInt8]
    let position: YAMLPosition
    let log: DiagnosticLog

    var place: String { "\(log.file):\(position.line)" }
}

extension [TenantDraft] {
    /// Reports prefixes of different tenants in one bucket of which one begins with the other, byte for byte.
    func checkSharedBuckets() {
        var claims: [StoreIdentity: [Claim]] = [:]
        for draft in self {
            for rule in draft.rules {
                guard let store = rule.store?.identity else { continue }
                claims[store, default: []].append(
                    Claim(
                        tenant: draft.id,
                        bytes: rule.prefix.value.leadingBytes,
                        position: rule.prefix.position,
                        log: draft.log
                    )
                )
            }
        }
        for (store, claims) in claims {
            Self.check(claims, bucket: store.bucket)
        }
    }

    /// In byte order, everything that begins with a prefix follows it directly: a stack of open prefixes finds them all.
    private static func check(_ claims: [Claim], bucket: String) {
        let sorted = claims.sorted {
            $0.bytes != $1.bytes
                ? $0.bytes.lexicographicallyPrecedes($1.bytes)
                : ($0.log.file, $0.position) < ($1.log.file, $1.position)
        }
        var open: [Claim] = []
        for claim in sorted {
            while let last = open.last, !claim.bytes.starts(with: last.bytes) { open.removeLast() }
            if let other = open.last(where: { $0.tenant != claim.tenant }) {
                report(claim, other, bucket: bucket)
            }
            open.append(claim)
        }
    }

    private static func report(_ inner: Claim, _ outer: Claim, bucket: String) {
        let (claim, other) = inner.log.file < outer.log.file ? (outer, inner) : (inner, outer)
        func text(_ claim: Claim) -> String { String(decoding: claim.bytes, as: UTF8.self).quoted }
        let message =
            claim.bytes == other.bytes
            ? "the tenant \(other.tenant.quoted) has the same prefix \(text(claim)) in the bucket \(bucket) (\(other.place))"
            : "the prefix \(text(claim)) overlaps \(text(other)) of the tenant \(other.tenant.quoted) in the bucket \(bucket) (\(other.place))"
        claim.log.problem(
            at: claim.position,
            message,
            "begin each tenant's keyPrefix with a folder of its own: {tenant}/…",
            with: other.log.file
        )
    }
}
