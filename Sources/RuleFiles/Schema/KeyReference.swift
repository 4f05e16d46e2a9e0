// SPDX-License-Identifier: Apache-2.0

/// The tables of the reference, which have a row for each declared key.
package enum KeyReference: Sendable {
    /// The documents, by their paths in the repository.
    package static let documents = ["docs/rules.md", "docs/settings.md"]

    /// A table, by the heading above it.
    private struct Table {
        let document: String
        let heading: String
        let rows: [KeyRow]
    }

    private static let tables: [Table] = {
        let issuerKeys = IssuerReader.keys.names
        let sections: [(String, [KeyRow])] = [
            ("## The file", TenantReader.keys.rows),
            ("## `aliases`", AliasReader.keys.rows),
            ("## `deny`", DenialReader.keys.rows),
            ("## `store`", StoreReader.keys.rows),
            ("## `store.credentials`", CredentialReader.keys.rows),
            ("## `store.credentials.assumeRole`", RoleReader.keys.rows),
            ("## `auth`", TenantReader.authKeys.rows),
            ("## `auth.issuers`", IssuerReader.keys.rows),
            ("## `auth.issuers.keys`", KeySourceReader.keys.rows),
            ("## `auth.apiKeys`", APIKeyReader.keys.rows),
            ("## `rules`", RuleReader.keys.rows),
            ("## `rules.contentTypes`", ContentTypeReader.keys.rows),
            ("## `rules.limits`", LimitsReader.keys.rows),
            ("## `rules.encryption`", EncryptionReader.keys.rows),
            ("## `rules.checksum`", ChecksumReader.keys.rows),
            ("## `rules.metadata`", MetadataReader.keys.rows),
            ("## Service-wide issuers", IssuerReader.serviceWideKeys.rows.filter { !issuerKeys.contains($0.name) }),
        ]
        return sections.map { Table(document: documents[0], heading: $0.0, rows: $0.1) }
            + [Table(document: documents[1], heading: "## Settings", rows: ServiceSettings.keys.rows)]
    }()

    /// Returns the text of a document with the rows of the declared keys in its tables.
    /// - Throws: ``Missing``
    package static func update(_ text: String, of document: String) throws(Missing) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for table in tables where table.document == document {
            guard let heading = lines.firstIndex(of: table.heading),
                let header = lines[heading...].firstIndex(where: { $0.hasPrefix("| key |") }),
                !lines[(heading + 1)..<header].contains(where: { $0.hasPrefix("#") })
            else { throw Missing(heading: table.heading) }
            // A line with dashes follows the header.
            let first = header + 2
            let end = lines[first...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
            lines.replaceSubrange(first..<end, with: table.rows.map(\.markdown))
        }
        return lines.joined(separator: "\n")
    }

    /// A document has no table of keys under a heading.
    package struct Missing: Error, CustomStringConvertible {
        let heading: String

        package var description: String { "there is no table with the column “key” under “\(heading)”" }
    }
}
