// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import RuleFiles
import Testing
import UploadRules

@testable import PosternServer

struct ServedTenantTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    /// A tenant with these rules, and credentials that are never asked for.
    private func served(_ id: String = "acme", rules: String) throws -> ServedTenant {
        let yaml = """
            tenant: \(id)
            store: {bucket: \(id)-uploads, region: eu-west-1}
            auth: {apiKeys: [{id: cms, sha256: \(String(repeating: "a", count: 64))}]}
            rules:
            \(rules)
            """
        let files = RuleFileSystem { _ throws(RuleFileSystem.Failure) in
            [RuleFileSystem.Entry(name: "\(id).yaml")]
        } read: { _, _ throws(RuleFileSystem.Failure) in
            Array(yaml.utf8)
        }
        let tenants = try RuleLoader.load(folder: "/rules", generation: 1, files: files).result.get().tenants
        let credentials = RefreshingCredentials(source: .standard, minimumRemaining: 0) { () throws(CredentialError) in
            throw .unavailable("a test's")
        }
        return ServedTenant(try #require(tenants.first), credentials: credentials)
    }

    private func rule(_ name: String, limits: String? = nil) -> String {
        "  \(name): {keyPrefix: \(name)/, contentTypes: [image/png], maxSize: 1B\(limits.map { ", limits: \($0)" } ?? "")}"
    }

    private func isAdmitted(_ served: ServedTenant, user: String) throws -> Bool {
        let limiter = try #require(served.limiter)
        let rule = try #require(served.tenant.rules.first)
        do throws(ProblemDetails) {
            try limiter.admit(rule, asker: user, at: start)
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: ["{perUser: 2/1m}", "{perTenant: 2/1m}", "{perUser: 2/1m, perTenant: 2/1m}"])
    func `two tenants with a rule of the same name have counts of their own`(limits: String) throws {
        for id in ["acme", "beta"] {
            let served = try served(id, rules: rule("files", limits: limits))
            for _ in 0..<2 { #expect(try isAdmitted(served, user: "u1")) }
            #expect(try !isAdmitted(served, user: "u1"))
        }
    }

    @Test func `a crowd of one tenant's users pushes none of another's out`() throws {
        let (acme, beta) = (
            try served("acme", rules: rule("files", limits: "{perUser: 1/1m}")),
            try served("beta", rules: rule("files", limits: "{perUser: 1/1m}"))
        )
        for number in 0..<10 { #expect(try isAdmitted(acme, user: "u\(number)")) }
        for number in 0..<25_000 { #expect(try isAdmitted(beta, user: "v\(number)")) }
        #expect(acme.limiter?.rememberedUsers == 10)
        #expect((1...20_000).contains(beta.limiter?.rememberedUsers ?? 0))
        for number in 0..<10 { #expect(try !isAdmitted(acme, user: "u\(number)")) }
    }

    @Test func `only a tenant with a limit has a limiter`() throws {
        #expect(try served(rules: rule("a") + "\n" + rule("b")).limiter == nil)
        #expect(try served(rules: rule("a") + "\n" + rule("b", limits: "{perTenant: 1/1s}")).limiter != nil)
    }

    @Test func `tickets are counted by rule, and rules without any are left out`() throws {
        let served = try served(rules: [rule("a"), rule("b"), rule("c")].joined(separator: "\n"))
        #expect(served.issuedTickets.isEmpty)
        for place in [2, 0, 2] { served.countTicket(of: served.tenant.rules[place]) }
        #expect(served.issuedTickets.map(\.rule) == ["a", "c"])
        #expect(served.issuedTickets.map(\.count) == [1, 2])
    }
}
