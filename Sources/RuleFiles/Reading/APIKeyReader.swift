// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a tenant's `apiKeys`.
struct APIKeyReader {
    let tenant: String
    /// The names of the tenant's rules, or nil where they could not be read.
    let rules: [String]?

    private static let keys = ["id", "sha256", "expires", "scopes", "rules", "allowUsers"]
    private static let hints = ["key": keyItself, "secret": keyItself]
    private static let keyItself = ValueError(
        "an API key itself has no place in a file",
        "make a new one (postern key new) and write its sha256; this one must no longer be used"
    )

    func read(_ section: Section) -> [APIKey] {
        guard let entry = section["apiKeys"] else { return [] }
        guard case .list(let nodes) = entry.value.content, !nodes.isEmpty else {
            if case .reported = entry.value.content { return [] }
            section.log.problem(
                at: entry.keyPosition,
                "apiKeys is not a list of keys",
                "paste what “postern key new” prints under it"
            )
            return []
        }
        var keys: [APIKey] = []
        var ids: [String: Int] = [:]
        var digests: [[UInt8]: Int] = [:]
        for node in nodes {
            guard
                let key = Section(
                    node, title: "an API key", at: node.position, keys: Self.keys, hints: Self.hints, log: section.log
                )
            else { continue }
            let id = key.required("id", "write a short name: id: cms") { text throws(ValueError) in
                try Identifier.parse(text, what: "an id of a key")
            }
            let sha256 = key.required("sha256", "paste the sha256 that “postern key new” prints", HexDigest.parse)
            let read = readRest(of: key, id: id?.value, sha256: sha256?.value)
            if let id, let line = ids.updateValue(id.position.line, forKey: id.value) {
                key.log.problem(
                    at: id.position,
                    "the key id \(id.value.quoted) is there twice; the first is in line \(line)",
                    "give each key its own id, also while two of them serve a rotation: cms-2026"
                )
            }
            if let sha256, let line = digests.updateValue(sha256.position.line, forKey: sha256.value) {
                key.log.problem(
                    at: sha256.position,
                    "this is the same key as in line \(line)",
                    "make a second key: postern key new"
                )
            }
            if let read { keys.append(read) }
        }
        return keys
    }

    private func readRest(of key: Section, id: String?, sha256: [UInt8]?) -> APIKey? {
        let expires = key.value("expires", Timestamp.parse)
        let scopes = key.list("scopes", Scope.parse)
        let allowed = key.list("rules") { text throws(ValueError) in
            if let rules, !rules.contains(where: { $0.hasSameBytes(as: text) }) {
                let near = text.closestMatch(in: rules)
                throw ValueError(
                    "there is no rule \(text.quoted)",
                    near.map { "did you mean \($0)?" } ?? "write one of \(rules.joined(separator: ", "))"
                )
            }
            return text
        }
        let users = key.list("allowUsers") { text throws(ValueError) in try PlainText.parse(text, what: "a user") }
        guard let id, let sha256 else { return nil }
        return APIKey(
            tenant: tenant,
            id: id,
            sha256: sha256,
            expires: expires?.value,
            scopes: scopes?.map(\.value) ?? [],
            rules: allowed?.map(\.value),
            allowUsers: users?.map(\.value)
        )
    }
}
