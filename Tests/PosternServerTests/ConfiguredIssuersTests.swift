// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import UserAuth

@testable import PosternServer

struct ConfiguredIssuersTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let signer = try #require(TokenSigner.generate(.es256))
        try folder.write(try #require(signer.publicPEM), to: "key.pem")
        // The key of RFC 7517 appendix A.1, and one that cannot serve.
        try folder.write(
            """
            {"keys": [{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "k1"}, {"kty": "EC", "crv": "P-256", "kid": "k2"},
            {"kty": "RSA", "kid": "k3", "use": "enc", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"}]}
            """, to: "jwks.json")
        try folder.write("not a key", to: "broken.pem")
    }

    /// Loads tenants with these issuers, and the service-wide issuers.
    private func load(_ tenants: [String: [String]], service: [String] = []) throws -> IssuerLoader {
        let (book, settings) = try read(tenants, service: service)
        return IssuerLoader(book, serviceWide: settings.issuers, proxies: .none, keyFiles: KeyFiles(at: Date()))
    }

    private func read(_ tenants: [String: [String]], service: [String]) throws -> (RuleBook, ServiceSettings) {
        for (tenant, issuers) in tenants {
            try folder.write(
                """
                tenant: \(tenant)
                store: {bucket: \(tenant)-uploads, region: eu-west-1}
                auth:
                  apiKeys: [{id: cms, sha256: \(String(repeating: "a", count: 64))}]
                  issuers: [\(issuers.joined(separator: ", "))]
                rules: {a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}}
                """.replacing("  issuers: []\n", with: ""), to: "tenants/\(tenant).yaml")
        }
        var settings = ServiceSettings()
        if !service.isEmpty {
            let path = try folder.write("issuers: [\(service.joined(separator: ", "))]\n", to: "postern.yaml")
            settings = try ServiceSettings(file: path)
        }
        let book = try RuleLoader.load(folder: "\(folder.path)/tenants", service: settings).result.get()
        return (book, settings)
    }

    private func issuer(_ name: String, keys: String, audience: String = "uploads", _ more: String = "") -> String {
        "{issuer: \(name), audience: \(audience), algorithms: [ES256], keys: {\(keys)}\(more)}"
    }

    @Test func `keys are read from files and their location is reported`() throws {
        let loader = try load([
            "acme": [issuer("a", keys: "pemFile: ../key.pem"), issuer("b", keys: "jwksFile: ../jwks.json")]
        ])
        #expect(loader.problems.isEmpty)
        #expect(loader.issuers.all.map(\.identifier) == ["a", "b"] && loader.issuers.all.map(\.source) == ["file", "file"])
        #expect(
            loader.issuers.all.map(\.keyLocation) == ["file", "file"] && loader.issuers.all.map(\.tenant) == ["acme", "acme"])
        #expect(loader.issuers.all[0].currentKeyIDs == [nil] && loader.issuers.all[1].currentKeyIDs == ["k1"])
        #expect(loader.issuers.all.allSatisfy { $0.remote == nil })
    }

    @Test func `a skipped key is a warning, unless it is for encryption`() throws {
        let loader = try load(["acme": [issuer("b", keys: "jwksFile: ../jwks.json")]])
        let warning = try #require(loader.warnings.first)
        #expect(
            loader.warnings.count == 1 && warning.hasPrefix("tenant acme: keys of issuer b: ") && warning.contains("jwks.json: ")
                && warning.contains("k2"))
    }

    @Test func `every missing or invalid key file is a problem`() throws {
        let loader = try load(
            [
                "acme": [issuer("a", keys: "pemFile: ../none.pem"), issuer("b", keys: "pemFile: ../broken.pem")],
                "beta": [issuer("c", keys: "pemFile: ../key.pem")],
            ], service: [issuer("d", keys: "jwksFile: tenants", ", tenantClaim: org")])
        #expect(loader.issuers.all.map(\.identifier) == ["c"])
        #expect(loader.problems.count == 3)
        for (problem, beginning) in zip(
            loader.problems,
            ["tenant acme: keys of issuer a: ", "tenant acme: keys of issuer b: ", "the service-wide file: keys of issuer d: "])
        {
            #expect(problem.hasPrefix(beginning))
            #expect(["none.pem: ", "broken.pem: ", "tenants: "].contains { problem.contains($0) }, "it names the file")
        }
        #expect(loader.problems[0].contains("none.pem"))
    }

    @Test func `an unreadable file of authorities is a problem`() throws {
        let loader = try load([
            "acme": [issuer("https://id.example", keys: "jwks: https://id.example/keys, caFile: ../none.pem")]
        ])
        #expect(loader.problems.count == 1 && loader.problems.first?.contains("none.pem") == true)
    }

    @Test func `the location of remote keys is their URL or discovery`() throws {
        let loader = try load([
            "acme": [issuer("https://a.example", keys: "jwks: https://a.example/keys")],
            "beta": [issuer("https://b.example", keys: "discovery: true")],
        ])
        let issuers = loader.issuers
        #expect(issuers.all.map(\.source) == ["jwks", "discovery"])
        #expect(issuers.all.map(\.keyLocation) == ["https://a.example/keys", "discovery"])
        #expect(issuers.remote.map(\.issuer) == ["https://a.example", "https://b.example"])
        #expect(issuers.all.allSatisfy { $0.currentKeyIDs.isEmpty })
    }

    @Test func `a tenant has keys if its own issuers and the service-wide ones have`() throws {
        let remote = "jwks: https://id.example/keys"
        func served(_ tenants: [String: [String]], service: [String] = []) throws -> [String] {
            let (book, settings) = try read(tenants, service: service)
            let issuers = IssuerLoader(
                book, serviceWide: settings.issuers, proxies: .none, keyFiles: KeyFiles(at: Date())
            ).issuers
            return book.files.filter { issuers.haveKeys(for: $0) }.map(\.tenant.id)
        }
        let own = [issuer("a", keys: "pemFile: ../key.pem")]
        #expect(
            try served(["acme": own, "beta": [issuer("https://id.example", keys: remote)], "gamma": []]) == [
                "acme", "gamma",
            ])
        // Service-wide issuers do not count for a tenant with issuers of its own.
        let serviceWide = issuer("https://all.example", keys: remote, ", tenantClaim: org")
        #expect(try served(["acme": own, "beta": [], "gamma": []], service: [serviceWide]) == ["acme"])
    }

    @Test func `declarations of one issuer with the same keys share them, and those with other keys do not`() throws {
        let remote = "jwks: https://id.example/keys"
        let loader = try load([
            "acme": [issuer("https://id.example", keys: remote, audience: "acme")],
            "beta": [issuer("https://id.example", keys: remote, audience: "beta")],
            "gamma": [issuer("https://id.example", keys: "jwks: https://id.example/other", audience: "gamma")],
            "other": [issuer("https://other.example", keys: remote)],
        ])
        let issuers = loader.issuers
        #expect(issuers.all.count == 4)
        #expect(issuers.keySets.map(\.tenant) == ["acme", "gamma", "other"] && issuers.remote.count == 3)
        #expect(issuers.all[0].trusted.keys === issuers.all[1].trusted.keys)
    }

    @Test func `metrics tell key sets of one issuer apart`() async throws {
        let service = try await TestService(issuers: [
            issuer("a", keys: "jwksFile: \(folder.path)/jwks.json", audience: "x"),
            issuer("a", keys: "pemFile: \(folder.path)/key.pem", audience: "y"),
        ])
        let page = service.metricsText(at: .january2027)
        #expect(page.contains("postern_issuer_keys{issuer=\"a\",keys=\"file\"} 1\n"))
        #expect(page.contains("postern_issuer_keys{issuer=\"a\",keys=\"file #2\"} 1\n"))
    }

    @Test func `metrics have the keys of each issuer and location once`() async throws {
        let service = try await TestService(issuers: [
            issuer("https://id.example", keys: "jwksFile: \(folder.path)/jwks.json"),
            issuer("b", keys: "pemFile: \(folder.path)/key.pem"),
        ])
        let page = service.metricsText(at: .january2027)
        #expect(page.contains("postern_issuer_keys{issuer=\"https://id.example\",keys=\"file\"} 1\n"))
        #expect(page.contains("postern_issuer_key_info{issuer=\"https://id.example\",keys=\"file\",kid=\"k1\"} 1\n"))
        #expect(page.contains("postern_issuer_key_info{issuer=\"b\",keys=\"file\",kid=\"\"} 1\n"))
        // Keys in files are not fetched.
        #expect(!page.contains("postern_issuer_fetches_total{") && !page.contains("postern_issuer_keys_age_seconds{"))
        #expect(page.contains("postern_credentials_usable{source=\"default\"} 1\n"))
        #expect(page.contains("postern_credentials_refreshes_total{source=\"default\",result=\"ok\"} 1\n"))
        #expect(!page.contains("postern_credentials_expire_seconds{"))
    }
}
