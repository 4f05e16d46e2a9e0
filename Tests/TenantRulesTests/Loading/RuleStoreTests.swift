// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TenantRules

@Suite("The store of the book in force")
struct RuleStoreTests {
    private func book(_ generation: Int) -> RuleBook {
        RuleBook(tenants: [], generation: generation, digest: "")
    }

    @Test("A swap gives back what it replaced, and a snapshot taken before stays as it was")
    func swap() {
        let store = RuleStore(book(1))
        let before = store.current
        #expect(store.swap(book(2)).generation == 1)
        #expect(store.current.generation == 2 && before.generation == 1)
    }

    @Test("Readers and writers at once never see half a book")
    func concurrent() async {
        let store = RuleStore(book(0))
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<500 { store.swap(self.book(writer * 1000 + round)) }
                }
                group.addTask {
                    for _ in 0..<2000 { #expect(store.current.generation < 4000) }
                }
            }
        }
    }
}
