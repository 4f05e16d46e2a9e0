// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import UploadRules

struct TicketExpiryTests {
    private let now = Date(timeIntervalSince1970: 1_000_000.7)

    private func expiry(rule seconds: Int, credentialsEndIn rest: Double?) -> Double? {
        let credentials = SigningCredentials(
            accessKeyID: "AKIA",
            secretAccessKey: "s",
            sessionToken: nil,
            expiration: rest.map { now + $0 }
        )
        return TicketExpiry(ruleSeconds: seconds, credentials: credentials, at: now)?.instant.timeIntervalSince1970
    }

    @Test func `the rule decides the expiration if the credentials last longer`() {
        #expect(expiry(rule: 300, credentialsEndIn: nil) == 1_000_300)
        #expect(expiry(rule: 300, credentialsEndIn: 361) == 1_000_300)
    }

    @Test func `a ticket ends a minute before its credentials`() {
        #expect(expiry(rule: 300, credentialsEndIn: 200) == 1_000_140)
    }

    @Test func `credentials that expire soon issue no ticket`() {
        #expect(expiry(rule: 300, credentialsEndIn: 89) == nil)
        #expect(expiry(rule: 300, credentialsEndIn: 0) == nil)
        #expect(expiry(rule: 300, credentialsEndIn: -10) == nil)
    }

    @Test func `a rule's lifetime may be shorter than that of the shortest shortened ticket`() {
        #expect(expiry(rule: 5, credentialsEndIn: 300) == 1_000_005)
    }
}
