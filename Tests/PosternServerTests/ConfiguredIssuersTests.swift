// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import RuleFiles
import Testing
import UserAuth

@testable import PosternServer

struct ConfiguredIssuersTests {
    /// Loads the issuers of tenants, whose `issuers` these are.
    private func load(_ folder: TemporaryFolder, _ issuers: [String: String]) async throws -> IssuerLoader {
        for (tenant, list) in issuers {
            let yaml = """
                tenant: \(tenant)
                store: {bucket: \(tenant)-uploads, region: eu-west-1}
                auth: {issuers: [\(list)]}
                rules:
                  a: {keyPrefix: \(tenant)/a/, contentTypes: [image/png], maxSize: 1MiB}
                """
            try folder.write(yaml, to: "\(tenant).yaml")
        }
        let book = try RuleLoader.load(folder: folder.path, generation: 1).result.get()
        return await IssuerLoader(book, service: nil)
    }

    private func issuer(_ name: String = "https://id.example", algorithms: String = "[ES256]", keys: String) -> String {
        "{issuer: '\(name)', audience: [uploads], algorithms: \(algorithms), keys: \(keys)}"
    }

    /// The key of RFC 7517, appendix A.1, and one that serves no token.
    private let keySet = """
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "k1"}, {"kty": "oct", "k": "AAAA", "kid": "k2"}]}
        """

    @Test func `an issuer has its tenant, and the location of its keys`() async throws {
        let loader = try await load(
            TemporaryFolder(),
            [
                "acme": issuer("https://a.example", keys: "{jwks: 'https://a.example/jwks.json'}"),
                "beta": issuer("https://b.example", keys: "{discovery: true}"),
            ])
        #expect(loader.problems.isEmpty && loader.warnings.isEmpty)
        let issuers = ConfiguredIssuers(loader.issuers)
        #expect(issuers.all.map(\.tenant) == ["acme", "beta"])
        #expect(issuers.all.map(\.keyLocation) == ["https://a.example/jwks.json", "discovery"])
        #expect(issuers.all.map(\.source) == ["jwks", "discovery"])
        #expect(issuers.remote.map(\.issuer) == ["https://a.example", "https://b.example"])
    }

    @Test func `keys in a file are in use at once, and those that are skipped are warned of`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(keySet, to: "jwks.json")
        let loader = try await load(folder, ["acme": issuer(keys: "{jwksFile: jwks.json}")])
        #expect(loader.problems.isEmpty)
        let configured = try #require(loader.issuers.first)
        #expect(configured.currentKeyIDs == ["k1"] && configured.source == "file" && configured.remote == nil)
        #expect(loader.warnings.count == 1)
        #expect(loader.warnings.first?.hasPrefix("tenant acme: keys of issuer https://id.example: ") == true)
    }

    @Test func `every problem is listed, with tenant and issuer`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("no JSON", to: "jwks.json")
        let loader = try await load(
            folder,
            [
                "acme": issuer(keys: "{jwksFile: missing.json}"),
                "beta": issuer("https://b.example", keys: "{jwksFile: jwks.json}"),
            ])
        #expect(loader.issuers.isEmpty && loader.problems.count == 2)
        #expect(loader.problems[0].hasPrefix("tenant acme: keys of issuer https://id.example: \(folder.path)/missing.json: "))
        #expect(loader.problems[1].hasPrefix("tenant beta: keys of issuer https://b.example: "))
    }

    @Test func `a tenant is served when its own issuers have keys`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(keySet, to: "jwks.json")
        let loader = try await load(
            folder,
            [
                "acme": issuer(keys: "{jwksFile: jwks.json}"),
                "beta": issuer("https://b.example", keys: "{jwks: 'https://b.example/jwks.json'}"),
            ])
        let issuers = ConfiguredIssuers(loader.issuers)
        #expect(issuers.haveKeys(for: "acme") && !issuers.haveKeys(for: "beta"))
        let remote = try #require(issuers.remote.first)
        #expect(remote.unavailableReason(at: .january2027) == "issuer https://b.example: its keys have not been fetched")
    }
}
