// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import PosternServer

struct LimitedCallerTests {
    @Test(arguments: 0..<8)
    func `no two users of two issuers count as one`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // What could make two pairs look like one when they are joined.
        let pieces = ["a", "/", " ", "user", "key", "https://i.example", "\u{e9}", "e\u{301}", ".", "~", "%0A", "\\n"]
        func text(_ more: [String] = []) -> String {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in (pieces + more).randomElement(using: &random) ?? "" }.joined()
        }
        var seen: [ExactString: (ExactString, ExactString)] = [:]
        for _ in 0..<20_000 {
            let pair = (ExactString(text()), ExactString(text(["\n", "\r\n", "\0"])))
            let caller = ExactString(TenantContext.limitedCaller(pair.1.text, of: pair.0.text))
            if let other = seen[caller] {
                #expect(other == pair)
            } else {
                seen[caller] = pair
            }
            #expect(!caller.text.utf8.starts(with: "key ".utf8))
        }
        #expect(seen.count > 1000)
    }
}
