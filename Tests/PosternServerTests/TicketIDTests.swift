// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PosternServer

struct TicketIDTests {
    private struct Ones: RandomNumberGenerator {
        func next() -> UInt64 { .max }
    }

    @Test func `an id is a UUID of version 7 with its milliseconds`() {
        var random = Ones()
        let id = Ticket.makeID(at: Date(timeIntervalSince1970: 1_645_557_742), random: &random)
        // RFC 9562, appendix A.6: 1645557742000 ms is 017F22E279B0.
        #expect(id == "017f22e2-79b0-7fff-bfff-ffffffffffff")
        #expect(UUID(uuidString: id) != nil)
    }

    @Test func `ids differ`() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<10_000).map { _ in Ticket.makeID(at: Date(timeIntervalSince1970: 1), random: &random) }
        #expect(Set(ids).count == ids.count)
    }
}
