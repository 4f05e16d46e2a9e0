// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A JSON Schema (2020-12) of rule files or of the service-wide file, for editors, made from the declarations of the keys.
package enum RuleFileSchema: Sendable {
    /// A tenant's file.
    case tenant
    /// The service-wide file.
    case service

    private var table: KeyTable {
        switch self {
        case .tenant: TenantReader.keys
        case .service: ServiceSettings.keys
        }
    }

    private var title: String {
        switch self {
        case .tenant: "Postern: the rule file of a tenant"
        case .service: "Postern: the service-wide file"
        }
    }

    /// The schema, indented. It is the same each time.
    package var text: String {
        let json = JSONWriter.object(capacity: 65_536) { json in
            json.member("$schema", "https://json-schema.org/draft/2020-12/schema")
            json.member("$id", "urn:postern:schema:\(table.name)")
            json.member("title", title)
            json.member("description", "What this schema accepts may still have errors that only “postern check” finds.")
            // Each setting of the service-wide file may be given by a flag.
            table.writeMembers(to: &json, isRequired: self == .tenant)
            json.object("$defs") { json in
                for table in mappings { json.object(table.name) { table.writeMembers(to: &$0) } }
            }
        }
        return String(indenting: json)
    }

    /// The mappings in the file, each once.
    private var mappings: [KeyTable] {
        var mappings: [KeyTable] = []
        for table in table.rows.flatMap(\.shape.tables) where !mappings.contains(where: { $0.name == table.name }) {
            mappings.append(table)
        }
        return mappings
    }
}
