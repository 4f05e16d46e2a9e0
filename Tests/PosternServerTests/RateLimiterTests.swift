// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import UploadRules

@testable import PosternServer

/// The clock is a parameter: no test here sleeps.
struct RateLimiterTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    private func rule(_ name: String = "files", perUser: String? = nil, perTenant: String? = nil) throws -> UploadRule {
        try .sample(name, limits: .sample(perUser: perUser, perTenant: perTenant))
    }

    /// What is said to who asks too often; nil where a ticket is admitted.
    private func refusal(
        _ limiter: RateLimiter, _ rule: UploadRule, user: String, at seconds: Double
    ) -> ProblemDetails? {
        do throws(ProblemDetails) {
            try limiter.admit(rule, caller: user, at: start + seconds)
            return nil
        } catch {
            return error
        }
    }

    private func admitted(
        _ limiter: RateLimiter, _ rule: UploadRule, user: String, at seconds: Double
    ) -> Bool {
        refusal(limiter, rule, user: user, at: seconds) == nil
    }

    @Test func `a burst may have the whole limit, and then tickets become free one by one`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perUser: "60/1m")
        for _ in 0..<60 { #expect(admitted(limiter, rule, user: "u1", at: 0)) }
        #expect(!admitted(limiter, rule, user: "u1", at: 0))
        #expect(!admitted(limiter, rule, user: "u1", at: 0.9))
        #expect(admitted(limiter, rule, user: "u1", at: 1))
        #expect(!admitted(limiter, rule, user: "u1", at: 1.5))
        #expect(admitted(limiter, rule, user: "u2", at: 0))
    }

    @Test func `a ticket that is taken back was never counted`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perUser: "2/1m", perTenant: "3/1m")
        for second in 0..<5 {
            #expect(admitted(limiter, rule, user: "u1", at: Double(second)))
            limiter.takeBack(rule, caller: "u1")
        }
        for _ in 0..<2 { #expect(admitted(limiter, rule, user: "u1", at: 5)) }
        #expect(!admitted(limiter, rule, user: "u1", at: 5))
        #expect(admitted(limiter, rule, user: "u2", at: 5))
        #expect(!admitted(limiter, rule, user: "u2", at: 5), "the tenant's limit")
    }

    @Test func `users whose names differ only in normalisation are different`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perUser: "1/1m")
        #expect(admitted(limiter, rule, user: "\u{e9}", at: 0))
        #expect(admitted(limiter, rule, user: "e\u{301}", at: 0))
        #expect(!admitted(limiter, rule, user: "\u{e9}", at: 0))
    }

    @Test func `a clock that is set back refuses users for at most the window`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perUser: "2/1m")
        #expect(admitted(limiter, rule, user: "u1", at: 7200))
        #expect(admitted(limiter, rule, user: "u1", at: 7200))
        #expect(admitted(limiter, rule, user: "u1", at: 3600))
    }

    @Test func `at most the capacity of users is remembered`() throws {
        let limiter = RateLimiter(capacity: 10)
        let rules = [try rule(perUser: "1/1m"), try rule("others", perUser: "1/1m")]
        #expect(limiter.rememberedUsers == 0)
        for number in 0..<1000 {
            #expect(admitted(limiter, rules[number % 2], user: "u\(number)", at: 0))
            #expect((1...10).contains(limiter.rememberedUsers))
        }
        #expect(!admitted(limiter, rules[1], user: "u999", at: 0))
    }

    @Test func `users whose bucket is empty again are forgotten first`() throws {
        let limiter = RateLimiter(capacity: 10)
        let rule = try rule(perUser: "1/1m")
        for number in 0..<5 { #expect(admitted(limiter, rule, user: "early\(number)", at: 0)) }
        for number in 0..<5 { #expect(admitted(limiter, rule, user: "late\(number)", at: 30)) }
        #expect(limiter.rememberedUsers == 10)
        #expect(admitted(limiter, rule, user: "new", at: 61))
        #expect(limiter.rememberedUsers == 6)
        for number in 0..<5 { #expect(!admitted(limiter, rule, user: "late\(number)", at: 61)) }
    }

    @Test func `a rule without a limit per user remembers no user`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perTenant: "1000/1s")
        for number in 0..<100 { #expect(admitted(limiter, rule, user: "u\(number)", at: 0)) }
        #expect(limiter.rememberedUsers == 0)
    }

    @Test(arguments: [("2/1m", nil), (nil, "2/1m"), ("2/1m", "2/1m")] as [(String?, String?)])
    func `two rules are counted separately`(perUser: String?, perTenant: String?) throws {
        let limiter = RateLimiter()
        let rules = try ["avatars", "documents"].map { try rule($0, perUser: perUser, perTenant: perTenant) }
        for rule in rules {
            for _ in 0..<2 { #expect(admitted(limiter, rule, user: "u1", at: 0)) }
            #expect(!admitted(limiter, rule, user: "u1", at: 0))
        }
    }

    @Test func `a limit per tenant counts all users together, and one per user each separately`() throws {
        let (whole, own) = (RateLimiter(), RateLimiter())
        let (perTenant, perUser) = (try rule(perTenant: "2/1m"), try rule(perUser: "2/1m"))
        for user in ["u1", "u2"] { #expect(admitted(whole, perTenant, user: user, at: 0)) }
        for user in ["u1", "u2", "u3"] { #expect(!admitted(whole, perTenant, user: user, at: 0)) }
        for user in ["u1", "u2", "u1", "u2"] { #expect(admitted(own, perUser, user: user, at: 0)) }
        for user in ["u1", "u2"] { #expect(!admitted(own, perUser, user: user, at: 0)) }
        #expect(admitted(own, perUser, user: "u3", at: 0))
    }

    @Test func `a refusal has the seconds until the next ticket, which is then free`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perTenant: "3/1h")
        for _ in 0..<3 { #expect(admitted(limiter, rule, user: "u1", at: 0)) }
        for (seconds, wait) in [(0.0, 1200), (0.5, 1200), (1, 1199), (1199, 1), (1199.5, 1)] {
            let refusal = try #require(self.refusal(limiter, rule, user: "u1", at: seconds))
            #expect(refusal.code == .rateLimited)
            #expect(refusal.retryAfter == wait)
        }
        #expect(admitted(limiter, rule, user: "u1", at: 1200))
        #expect(!admitted(limiter, rule, user: "u1", at: 1200))
    }

    @Test func `many other users do not make a user at the limit forgotten`() throws {
        let limiter = RateLimiter(capacity: 10)
        let rule = try rule(perUser: "2/1m")
        for _ in 0..<2 { #expect(admitted(limiter, rule, user: "victim", at: 0)) }
        for number in 0..<1000 { #expect(admitted(limiter, rule, user: "u\(number)", at: 0)) }
        #expect(!admitted(limiter, rule, user: "victim", at: 0))
    }

    @Test func `a request that one limit refuses does not count towards the other`() throws {
        let limiter = RateLimiter()
        let rule = try rule(perUser: "2/1m", perTenant: "1/1s")
        #expect(admitted(limiter, rule, user: "u1", at: 0))
        for _ in 0..<5 { #expect(!admitted(limiter, rule, user: "u1", at: 0)) }
        #expect(admitted(limiter, rule, user: "u1", at: 1))
    }
}
