// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import RuleFiles

struct RuleFileSchemaTests {
    private static let schemas = [RuleFileSchema.tenant, .service]

    private func schema(_ schema: RuleFileSchema) throws -> JSONValue { try JSONValue(parsing: Array(schema.text.utf8)) }

    private func property(_ name: String, of definition: String) throws -> JSONValue {
        try #require(try schema(.tenant)["$defs"]?[definition]?["properties"]?[name])
    }

    @Test(arguments: schemas)
    func `a schema is one of 2020-12, and the same each time`(_ kind: RuleFileSchema) throws {
        #expect(kind.text == kind.text)
        #expect(try schema(kind)["$schema"] == .string("https://json-schema.org/draft/2020-12/schema"))
        #expect(try schema(kind)["additionalProperties"] == .bool(false))
    }

    @Test func `a schema has the keys of the file and of each mapping in it`() throws {
        let tenant = try schema(.tenant)
        #expect(tenant["properties"]?.names == TenantReader.keys.names)
        #expect(
            tenant["$defs"]?.names?.sorted() == [
                "alias", "apiKey", "auth", "checksum", "contentType", "credentials", "deny", "encryption", "issuer", "keys",
                "limits",
                "metadata", "role", "rule", "store",
            ])
        for table in [StoreReader.keys, IssuerReader.keys, RuleReader.keys, APIKeyReader.keys, KeySourceReader.keys] {
            #expect(tenant["$defs"]?[table.name]?["properties"]?.names == table.names)
            #expect(tenant["$defs"]?[table.name]?["additionalProperties"] == .bool(false))
        }
        #expect(try schema(.service)["properties"]?.names == ServiceSettings.declarations.compactMap(\.key?.row.name))
        #expect(try schema(.service)["$defs"]?.names == ["serviceIssuer", "keys"])
    }

    @Test func `what the declarations require is required, but no setting, which a flag may give`() throws {
        #expect(try schema(.tenant)["required"] == .array([.string("tenant"), .string("rules")]))
        #expect(try schema(.service)["required"] == nil)
        let defined = try schema(.tenant)["$defs"]
        #expect(defined?["rule"]?["required"] == .array(["keyPrefix", "contentTypes", "maxSize"].map { .string($0) }))
        #expect(defined?["keys"]?["oneOf"]?.elements?.count == 5)
        #expect(defined?["deny"]?["minProperties"]?.integer == 1)
        #expect(defined?["issuer"]?["dependentRequired"]?["audienceClaim"] == .array([.string("audience")]))
    }

    @Test func `a description is the text of the reference without Markdown`() throws {
        let words = "a scope that the token or API key must have."
        #expect(try property("requireScope", of: "rule")["description"] == .string(words))
        let minSize = "size, 0 to maxSize. Default: 1, an empty file is refused."
        #expect(try property("minSize", of: "rule")["description"] == .string(minSize))
        for kind in Self.schemas {
            let descriptions = kind.text.split(separator: "\n").filter { $0.contains("\"description\":") }
            #expect(descriptions.count > 20)
            for text in ["](", "**", "`"] { #expect(!descriptions.contains { $0.contains(text) }) }
        }
    }

    @Test func `defaults and examples are values as editors read them`() throws {
        #expect(try property("expiry", of: "rule")["default"] == .string("5m"))
        #expect(try property("apiKeysOnly", of: "rule")["default"] == .bool(false))
        #expect(try property("minSize", of: "rule")["default"]?.integer == 1)
        #expect(try property("keyName", of: "rule")["default"] == .string("{uuid}.{ext}"))
        #expect(try property("scopes", of: "issuer")["default"] == .array([.string("scope"), .string("scp")]))
        #expect(try property("maxSize", of: "rule")["default"] == nil)
        #expect(try property("keyName", of: "rule")["examples"] == .array([.string("{uuid}-{filename}")]))
        for table in [TenantReader.keys, StoreReader.keys, IssuerReader.serviceWideKeys, RuleReader.keys, ServiceSettings.keys] {
            for row in table.rows { #expect(!row.example.isEmpty, "\(row.name)") }
        }
    }

    @Test func `words may be the numbers and booleans that YAML makes of them`() throws {
        let status = try #require(try property("successStatus", of: "rule")["enum"]?.elements)
        #expect(status.map(\.integer) == [200, 201, 204, nil, nil, nil])
        #expect(
            try property("fips", of: "store")["enum"] == .array([.bool(true), .bool(false), .string("true"), .string("false")]))
        #expect(try property("maxSize", of: "rule")["type"] == .array([.string("string"), .string("integer")]))
        #expect(try property("maxSize", of: "rule")["maximum"]?.integer == 5 << 30)
    }

    @Test func `lists whose items YAML can take for equal numbers may have equal items`() throws {
        // 010 and 10 are two users.
        #expect(try property("users", of: "deny")["uniqueItems"] == nil)
        #expect(try property("algorithms", of: "issuer")["uniqueItems"] == .bool(true))
    }
}
