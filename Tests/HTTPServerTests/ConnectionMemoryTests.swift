// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import HTTPServer

struct ConnectionMemoryTests {
    /// What a connection holds, besides what is set on its ``ConnectionMemory``.
    struct Contents: Sendable {
        var headBytes = 0
        var requestBytes = 0
        var hasUnsentBytes = false
        var isLingering = false
    }

    private func update(_ memory: inout ConnectionMemory, _ contents: Contents = Contents()) -> Int {
        memory.update(
            headBytes: contents.headBytes, requestBytes: contents.requestBytes, hasUnsentBytes: contents.hasUnsentBytes,
            isLingering: contents.isLingering)
    }

    @Test func `each part counts with what an active connection takes, and a quarter for the allocator`() {
        func held(_ contents: Contents = Contents(), isEncrypted: Bool = false, _ set: (inout ConnectionMemory) -> Void) -> Int {
            var memory = ConnectionMemory()
            memory.isEncrypted = isEncrypted
            set(&memory)
            let change = update(&memory, contents)
            #expect(memory.heldBytes == change)
            return change
        }
        let plain = (100 + 8000) * 5 / 4
        #expect(held { $0.handshakeBytes = 100 } == plain)
        #expect(held { $0.undecodedBytes = 100 } == plain)
        #expect(held { $0.queuedBytes = 100 } == plain)
        #expect(held(Contents(requestBytes: 100)) { _ in } == plain)
        #expect(held(Contents(headBytes: 100)) { _ in } == (300 + 8000) * 5 / 4)
        #expect(held(Contents(hasUnsentBytes: true)) { $0.writtenBytes = 100 } == plain)
        #expect(held(isEncrypted: true) { $0.queuedBytes = 100 } == (100 + 53_000) * 5 / 4)
        let all = held(Contents(headBytes: 1, requestBytes: 10, hasUnsentBytes: true)) {
            $0.handshakeBytes = 100
            $0.undecodedBytes = 1000
            $0.queuedBytes = 10_000
            $0.writtenBytes = 100_000
        }
        #expect(all == (111_113 + 8000) * 5 / 4)
    }

    @Test func `an idle connection holds nothing, with TLS and with responses that were sent`() {
        var memory = ConnectionMemory()
        #expect(update(&memory) == 0)
        memory.isEncrypted = true
        memory.writtenBytes = 5000
        #expect(update(&memory) == 0)
        #expect(memory.heldBytes == 0 && memory.period == 0)
    }

    @Test func `a lingering connection still has its buffers`() {
        var memory = ConnectionMemory()
        #expect(update(&memory, Contents(isLingering: true)) == 8000 * 5 / 4)
        #expect(update(&memory) == -8000 * 5 / 4)
    }

    @Test func `a period begins when something is held again`() {
        var memory = ConnectionMemory()
        var periods: [Int] = []
        for bytes in [0, 10, 20, 0, 0, 5, 0] {
            memory.undecodedBytes = bytes
            _ = update(&memory)
            periods.append(memory.period)
        }
        #expect(periods == [0, 1, 1, 1, 1, 2, 2])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the changes add up to what is held, and a release ends it`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var memory = ConnectionMemory()
        var sum = 0
        for _ in 0..<1000 {
            memory.undecodedBytes = Bool.random(using: &random) ? 0 : .random(in: 0...20_000, using: &random)
            memory.queuedBytes = Bool.random(using: &random) ? 0 : .random(in: 0...20_000, using: &random)
            memory.writtenBytes = .random(in: 0...20_000, using: &random)
            memory.handshakeBytes = Bool.random(using: &random) ? 0 : 40_000
            sum += update(&memory, Contents(hasUnsentBytes: .random(using: &random), isLingering: .random(using: &random)))
            #expect(sum == memory.heldBytes && sum >= 0)
            guard Int.random(in: 0..<10, using: &random) == 0 else { continue }
            sum += memory.release()
            #expect(sum == 0 && memory.heldBytes == 0)
            #expect(update(&memory, Contents(hasUnsentBytes: true)) == 0)
        }
    }
}
