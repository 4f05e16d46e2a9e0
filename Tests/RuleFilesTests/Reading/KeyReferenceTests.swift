// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import RuleFiles

/// The tables of docs/rules.md, and that of the settings in docs/operating.md, have the rows of the declared keys, to the letter and no others.
struct KeyReferenceTests {
    private static let tables: [(heading: String, keys: [KeyRow])] = [
        ("## The file", TenantReader.keys),
        ("## `aliases`", AliasReader.keys),
        ("## `deny`", DenialReader.keys),
        ("## `store`", StoreReader.keys),
        ("## `store.credentials`", CredentialReader.keys),
        ("## `store.credentials.assumeRole`", RoleReader.keys),
        ("## `auth`", TenantReader.authKeys),
        ("## `auth.issuers`", IssuerReader.keys),
        ("## `auth.issuers.keys`", KeySourceReader.keys),
        ("## `auth.apiKeys`", APIKeyReader.keys),
        ("## `rules`", RuleReader.keys),
        ("## `rules.contentTypes`", ContentTypeReader.keys),
        ("## `rules.limits`", LimitsReader.keys),
        ("## `rules.encryption`", EncryptionReader.keys),
        ("## `rules.checksum`", ChecksumReader.keys),
        ("## `rules.metadata`", MetadataReader.keys),
        ("## Service-wide issuers", IssuerReader.serviceWideKeys.filter { !IssuerReader.keys.contains($0) }),
        ("## Settings", ServiceSettings.declarations.compactMap(\.row)),
    ]

    @Test(arguments: tables)
    func `the reference has the row of every key`(heading: String, keys: [KeyRow]) throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let text = try String(
            contentsOfFile: root + (heading == "## Settings" ? "/docs/operating.md" : "/docs/rules.md"), encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n" + heading + "\n").dropFirst().first)
        let lines = section.components(separatedBy: "\n")
        let header = try #require(lines.firstIndex { $0.hasPrefix("| key |") })
        let rows = lines[(header + 2)...].prefix { $0.hasPrefix("|") }
        #expect(rows.sorted() == keys.map(\.markdown).sorted())
    }
}
