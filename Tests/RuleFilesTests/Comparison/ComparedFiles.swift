// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing

@testable import RuleFiles

/// A tenant's file of which tests change one part.
struct ComparedFiles {
    /// Keys of each part and their values, as a file has them; a value that is empty removes the key.
    enum Part: Sendable {
        case tenant, store, issuer, apiKey, rule
    }

    /// - Parameter changes: keys of a part whose values are others than usual
    static func file(_ part: Part? = nil, _ changes: [String: String] = [:], more: String = "") -> String {
        func entries(_ own: Part, _ usual: KeyValuePairs<String, String>) -> [String] {
            var changes = part == own ? changes : [:]
            let kept = usual.compactMap { key, value -> String? in
                let value = changes.removeValue(forKey: key) ?? value
                return value.isEmpty ? nil : "\(key): \(value)"
            }
            return kept + changes.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { "\($0): \($1)" }
        }
        let store = entries(.store, ["bucket": "acme-uploads", "region": "eu-west-1"])
        let issuer = entries(
            .issuer,
            [
                "issuer": "https://id.acme.example", "audience": "uploads", "algorithms": "[RS256]",
                "keys": "{jwksFile: jwks.json}",
            ])
        let key = entries(
            .apiKey, ["id": "cms", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
        let rule = entries(
            .rule, ["keyPrefix": "\"avatars/{user}/\"", "contentTypes": "[image/png, image/jpeg]", "maxSize": "5MiB"])
        return """
            tenant: acme
            store: {\(store.joined(separator: ", "))}
            auth:
              issuers:
                - {\(issuer.joined(separator: ", "))}
              apiKeys:
                - {\(key.joined(separator: ", "))}
            \(entries(.tenant, [:]).joined(separator: "\n"))
            rules:
              avatars: {\(rule.joined(separator: ", "))}
            \(more)

            """
    }

    /// The time at which requests are made: 2026-06-01.
    static let now = Date(timeIntervalSince1970: 1_780_272_000)

    static func comparison(
        _ old: [String: String], _ new: [String: String], oldService: String? = nil, newService: String? = nil
    ) -> RuleComparison {
        var files: [String: String] = [:]
        for (name, text) in old { files["old/\(name).yaml"] = text }
        for (name, text) in new { files["new/\(name).yaml"] = text }
        files["old.service"] = oldService
        files["new.service"] = newService
        // Folders of files that are all gone.
        if old.isEmpty { files["old/none.txt"] = "" }
        return RuleComparison(
            from: .init(folder: "old", service: oldService.map { _ in "old.service" }),
            to: .init(folder: "new", service: newService.map { _ in "new.service" }), at: now, files: .memory(files))
    }

    /// The changes between two files of the tenant acme, which must be right.
    static func changes(
        _ old: String, _ new: String, service: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) -> [RuleChange] {
        let comparison = comparison(["acme": old], ["acme": new], oldService: service, newService: service)
        #expect(comparison.problems.map(\.description) == [], sourceLocation: location)
        return comparison.changes
    }
}
