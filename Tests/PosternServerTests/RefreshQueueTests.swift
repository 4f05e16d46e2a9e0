// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import OutgoingHTTP
import PosternTestSupport
import Testing
import UserAuth

@testable import PosternServer

struct RefreshQueueTests {
    private static let moment = Moment(date: Date.january2027, uptime: .zero)

    private static func issuers(_ count: Int) -> [RemoteKeys] {
        (0..<count).map {
            RemoteKeys(issuer: "https://id\($0).example", endpoint: .discovery, algorithms: [.es256], uptime: { .zero })
        }
    }

    private static func credentials(_ count: Int) -> [RefreshingCredentials] {
        (0..<count).map {
            RefreshingCredentials(source: .profile("p\($0)"), minimumRemaining: 90) { () throws(CredentialError) in
                throw .unavailable("a test's")
            }
        }
    }

    @Test func `no more sources are fetched at once than the capacity`() throws {
        let queue = RefreshQueue()
        let all = Self.issuers(100)
        let first = queue.next(of: all, at: Self.moment)
        #expect(first.count == RefreshQueue.capacity)
        #expect(queue.next(of: all, at: Self.moment).isEmpty)
        for source in first.prefix(5) { queue.finish(source) }
        #expect(queue.next(of: all, at: Self.moment).count == 5)
    }

    @Test func `every source is fetched although the first are due again and again`() {
        let queue = RefreshQueue()
        let all = Self.issuers(100)
        var served: Set<String> = []
        for _ in 0..<4 {
            let chosen = queue.next(of: all, at: Self.moment)
            served.formUnion(chosen.compactMap { ($0 as? RemoteKeys)?.issuer })
            for source in chosen { queue.finish(source) }
        }
        #expect(served.count == 100)
    }

    @Test func `credentials never wait for keys that hang, and take no capacity from them`() {
        let queue = RefreshQueue()
        let (keys, credentials) = (Self.issuers(100), Self.credentials(50))
        let all: [any RefreshedSource] = credentials + keys
        #expect(queue.next(of: all, at: Self.moment).count == 50 + RefreshQueue.capacity)
        // No room is left: only credentials are chosen, and giving them back makes none.
        for _ in 0..<2 {
            let chosen = queue.next(of: all, at: Self.moment)
            #expect(chosen.count == 50)
            #expect(chosen.allSatisfy { $0 is RefreshingCredentials })
            for source in chosen { queue.finish(source) }
        }
    }

    @Test func `without sources the queue is empty`() {
        #expect(RefreshQueue().next(of: [], at: Self.moment).isEmpty)
    }
}
