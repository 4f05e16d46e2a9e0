// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import UploadRules

@testable import PosternServer

struct ServedTenantTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    /// A tenant with these rules, and credentials that no test uses.
    private func served(
        _ id: String = "acme", rules: [UploadRule], after previous: ServedTenant? = nil
    ) throws -> ServedTenant {
        let tenant = Tenant(id: id, origins: [], rules: rules)
        let credentials = RefreshingCredentials(source: .standard, minimumRemaining: 0) { () throws(CredentialError) in
            throw .unavailable("not used")
        }
        return ServedTenant(tenant, credentials: tenant.stores.map { _ in credentials }, after: previous)
    }

    private func isAdmitted(_ served: ServedTenant, user: String) throws -> Bool {
        let limiter = try #require(served.limiter)
        let rule = try #require(served.tenant.rules.first)
        do throws(ProblemDetails) {
            try limiter.admit(rule, caller: user, at: start)
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: [("2/1m", nil), (nil, "2/1m"), ("2/1m", "2/1m")] as [(String?, String?)])
    func `rules of the same name are counted separately for two tenants`(perUser: String?, perTenant: String?) throws {
        for id in ["acme", "beta"] {
            let served = try served(id, rules: [.sample("files", limits: .sample(perUser: perUser, perTenant: perTenant))])
            for _ in 0..<2 { #expect(try isAdmitted(served, user: "u1")) }
            #expect(try !isAdmitted(served, user: "u1"))
        }
    }

    @Test func `many users of one tenant do not make those of another forgotten`() throws {
        let (acme, beta) = (
            try served("acme", rules: [.sample("files", limits: .sample(perUser: "1/1m"))]),
            try served("beta", rules: [.sample("files", limits: .sample(perUser: "1/1m"))])
        )
        for number in 0..<10 { #expect(try isAdmitted(acme, user: "u\(number)")) }
        for number in 0..<25_000 { #expect(try isAdmitted(beta, user: "v\(number)")) }
        #expect(acme.limiter?.rememberedUsers == 10)
        #expect((1...20_000).contains(beta.limiter?.rememberedUsers ?? 0))
        for number in 0..<10 { #expect(try !isAdmitted(acme, user: "u\(number)")) }
    }

    @Test func `the counts of a rule that is gone are forgotten, and those of others go on`() throws {
        func rules(_ names: String...) throws -> [UploadRule] {
            try names.map { try .sample($0, limits: .sample(perUser: "1/1m", perTenant: "2/1m")) }
        }
        let first = try served(rules: rules("files", "old"))
        for rule in first.tenant.rules { try first.limiter?.admit(rule, caller: "u1", at: start) }
        let second = try served(rules: rules("files"), after: first)
        #expect(second.limiter === first.limiter && second.limiter?.rememberedUsers == 2)
        second.forgetRulesThatAreGone()
        #expect(second.limiter?.rememberedUsers == 1)
        #expect(try !isAdmitted(second, user: "u1"))
        let third = try served(rules: rules("old"), after: second)
        #expect(try isAdmitted(third, user: "u1"))
    }

    @Test func `only a tenant with a limit has a limiter`() throws {
        #expect(try served(rules: [.sample("a"), .sample("b")]).limiter == nil)
        #expect(try served(rules: [.sample("a"), .sample("b", limits: .sample(perTenant: "1/1s"))]).limiter != nil)
    }

    @Test func `decisions are counted by rule, and rules without decisions are left out`() throws {
        let served = try served(rules: [.sample("a"), .sample("b"), .sample("c")])
        #expect(served.decisions.isEmpty)
        let rules = served.tenant.rules
        served.countRefusal(.ruleUnknown, of: nil)
        for (place, bytes) in [(2, 5), (0, 7), (2, 1 << 40)] { served.countTicket(of: rules[place], maximumBytes: bytes) }
        for code in [ProblemCode.sizeTooLarge, .rateLimited, .sizeTooLarge] { served.countRefusal(code, of: rules[0]) }
        #expect(
            served.decisions == [
                .init(rule: "a", tickets: 1, authorisedBytes: 7, refusals: [.sizeTooLarge: 2, .rateLimited: 1]),
                .init(rule: "c", tickets: 2, authorisedBytes: 1_099_511_627_781),
                .init(rule: "", refusals: [.ruleUnknown: 1]),
            ])
    }

    @Test func `the bytes of two billion tickets do not overflow`() throws {
        let served = try served(rules: [.sample("a")])
        for _ in 0..<3 { served.countTicket(of: served.tenant.rules[0], maximumBytes: .max) }
        #expect(served.decisions.first?.authorisedBytes == 3 * Double(Int.max))
    }

    @Test func `the counts of decisions go on when the rules change, and when a rule comes back`() throws {
        let first = try served(rules: [.sample("a"), .sample("b")])
        for rule in first.tenant.rules { first.countTicket(of: rule, maximumBytes: 1) }
        let second = try served(rules: [.sample("b"), .sample("c")], after: first)
        second.forgetRulesThatAreGone()
        second.countTicket(of: second.tenant.rules[0], maximumBytes: 1)
        // A request that still uses the rules before.
        first.countTicket(of: first.tenant.rules[1], maximumBytes: 1)
        #expect(second.decisions.map(\.rule) == ["b"] && second.decisions.map(\.tickets) == [3])
        let third = try served(rules: [.sample("a")], after: second)
        #expect(third.decisions.map(\.rule) == ["a"] && third.decisions.map(\.tickets) == [1])
    }
}
