// SPDX-License-Identifier: Apache-2.0

import Foundation
import TenantRules
import Testing

@testable import PosternServer

/// The clock is a parameter: no test here sleeps.
struct RateLimiterTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    private func rule(_ limits: String) throws -> UploadRule {
        let yaml = """
            tenant: acme
            store: {bucket: acme-uploads, region: eu-west-1}
            auth: {apiKeys: [{id: cms, sha256: \(String(repeating: "a", count: 64))}]}
            rules:
              files: {keyPrefix: "files/", contentTypes: [image/png], maxSize: 1B, limits: \(limits)}
            """
        let files = RuleFileSystem { _ throws(RuleFileSystem.Failure) in
            [RuleFileSystem.Entry(name: "acme.yaml")]
        } read: { _, _ throws(RuleFileSystem.Failure) in
            Array(yaml.utf8)
        }
        let outcome = RuleLoader.load(folder: "/rules", generation: 1, files: files)
        return try #require(try outcome.result.get().tenants.first?.rules.first)
    }

    private func admitted(_ limiter: RateLimiter, _ rule: UploadRule, user: String, at seconds: Double) -> Bool {
        do throws(Problem) {
            try limiter.admit(tenant: "acme", rule: rule, asker: user, at: start + seconds)
            return true
        } catch {
            return false
        }
    }

    @Test func aBurstIsTheWholeLimitAndThenItDrips() throws {
        let limiter = RateLimiter()
        let rule = try rule("{perUser: 60/1m}")
        for _ in 0..<60 { #expect(admitted(limiter, rule, user: "u1", at: 0)) }
        #expect(!admitted(limiter, rule, user: "u1", at: 0))
        #expect(!admitted(limiter, rule, user: "u1", at: 0.9))
        #expect(admitted(limiter, rule, user: "u1", at: 1))
        #expect(!admitted(limiter, rule, user: "u1", at: 1.5))
        #expect(admitted(limiter, rule, user: "u2", at: 0))
    }

    @Test func usersWhoDifferOnlyInNormalisationAreTwo() throws {
        let limiter = RateLimiter()
        let rule = try rule("{perUser: 1/1m}")
        #expect(admitted(limiter, rule, user: "\u{e9}", at: 0))
        #expect(admitted(limiter, rule, user: "e\u{301}", at: 0))
        #expect(!admitted(limiter, rule, user: "\u{e9}", at: 0))
    }

    @Test func aClockSetBackLocksNobodyOutForLongerThanTheWindow() throws {
        let limiter = RateLimiter()
        let rule = try rule("{perUser: 2/1m}")
        #expect(admitted(limiter, rule, user: "u1", at: 7200))
        #expect(admitted(limiter, rule, user: "u1", at: 7200))
        #expect(admitted(limiter, rule, user: "u1", at: 3600))
    }

    @Test func itNeverRemembersMoreUsersThanItMay() throws {
        let limiter = RateLimiter(capacity: 10)
        let rule = try rule("{perUser: 1/1m}")
        for number in 0..<1000 { #expect(admitted(limiter, rule, user: "u\(number)", at: 0)) }
    }

    @Test func aCrowdForgetsNobodyWhoIsAtTheLimit() throws {
        let limiter = RateLimiter(capacity: 10)
        let rule = try rule("{perUser: 2/1m}")
        for _ in 0..<2 { #expect(admitted(limiter, rule, user: "victim", at: 0)) }
        for number in 0..<1000 { #expect(admitted(limiter, rule, user: "u\(number)", at: 0)) }
        #expect(!admitted(limiter, rule, user: "victim", at: 0))
    }

    @Test func whoIsRefusedByOneLimitIsNotChargedByTheOther() throws {
        let limiter = RateLimiter()
        let rule = try rule("{perUser: 2/1m, perTenant: 1/1s}")
        #expect(admitted(limiter, rule, user: "u1", at: 0))
        for _ in 0..<5 { #expect(!admitted(limiter, rule, user: "u1", at: 0)) }
        #expect(admitted(limiter, rule, user: "u1", at: 1))
    }
}
