// SPDX-License-Identifier: Apache-2.0

import Testing
import UserAuth

@testable import PosternServer

@Suite("Which keys are fetched next")
struct KeyFetchQueueTests {
    private static func issuers(_ count: Int) -> [RemoteKeys] {
        (0..<count).map {
            RemoteKeys(issuer: "https://id\($0).example", endpoint: .discovery, algorithms: [.es256], uptime: { .zero })
        }
    }

    @Test("Never more at once than there is room for")
    func bounded() {
        let queue = KeyFetchQueue()
        let all = Self.issuers(100)
        #expect(queue.next(of: all, at: .zero).count == KeyFetchQueue.capacity)
        #expect(queue.next(of: all, at: .zero).isEmpty)
        for _ in 0..<5 { queue.ended() }
        #expect(queue.next(of: all, at: .zero).count == 5)
    }

    @Test("Each has its turn, also while the first are due again and again")
    func fair() {
        let queue = KeyFetchQueue()
        let all = Self.issuers(100)
        var served: Set<String> = []
        for _ in 0..<4 {
            let chosen = queue.next(of: all, at: .zero)
            served.formUnion(chosen.map(\.issuer))
            for _ in chosen { queue.ended() }
        }
        #expect(served.count == 100)
    }

    @Test("Without issuers there is nothing to do")
    func none() {
        #expect(KeyFetchQueue().next(of: [], at: .zero).isEmpty)
    }
}
