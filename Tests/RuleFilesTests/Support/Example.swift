// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

/// A small tenant's file that is right in everything, and ways to change and load it.
enum Example {
    static let acme = """
        tenant: acme
        store:
          bucket: acme-uploads
          region: eu-west-1
        auth:
          issuers:
            - issuer: https://id.acme.example
              audience: uploads
              algorithms: [RS256]
              keys: {jwksFile: jwks.json}
          apiKeys:
            - id: cms
              sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        origins: [https://app.acme.example]
        rules:
          avatars:
            keyPrefix: avatars/{user}/
            contentTypes: [image/png, image/jpeg]
            maxSize: 5MiB

        """

    /// The example with one line replaced by others, or with lines put behind it.
    static func acme(replacing line: String, with lines: String) -> String {
        acme.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0 == line ? lines : String($0) }
            .joined(separator: "\n")
    }

    /// What is wrong with these files of the folder `t`: `acme.yaml:3:11: …`.
    static func problems(_ files: [String: String], service: ServiceSettings? = nil) -> [String] {
        switch load(files, service: service).result {
        case .success: []
        case .failure(let problems): problems.problems.map { String($0.description.dropFirst(2)) }
        }
    }

    static func load(_ files: [String: String], service: ServiceSettings? = nil) -> RuleLoader.Outcome {
        let paths = Dictionary(uniqueKeysWithValues: files.map { ("t/\($0)", $1) })
        return RuleLoader.load(folder: "t", service: service, files: .memory(paths))
    }

    /// The only tenant of a file that must load.
    static func tenant(_ yaml: String, _ location: SourceLocation = #_sourceLocation) throws -> Tenant {
        try file(yaml, location).tenant
    }

    /// What the only file says, which must load.
    static func file(_ yaml: String, _ location: SourceLocation = #_sourceLocation) throws -> TenantFile {
        let book = try load(["acme.yaml": yaml]).result.get()
        return try #require(book.files.first, sourceLocation: location)
    }

    /// The rule that these lines make, under a keyPrefix, contentTypes and maxSize of their own where they say none.
    static func rule(_ lines: String) throws -> UploadRule {
        var text = ""
        if !lines.contains("keyPrefix:") { text += "    keyPrefix: avatars/{user}/\n" }
        if !lines.contains("contentTypes:") { text += "    contentTypes: [image/png, image/jpeg]\n" }
        if !lines.contains("maxSize:") { text += "    maxSize: 5MiB\n" }
        for line in lines.split(separator: "\n") { text += "    \(line)\n" }
        let head = acme.split(separator: "\n").prefix { $0 != "rules:" }.joined(separator: "\n")
        return try tenant("\(head)\nrules:\n  avatars:\n\(text)").rule(named: nil)
    }
}
