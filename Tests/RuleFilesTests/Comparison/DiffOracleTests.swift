// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

struct DiffOracleTests {
    @Test func `no request at random shows widened access that is not reported`() {
        let report = DiffOracle(pairs: 25, requests: 200, seed: 7).run()
        #expect(report.failures == [])
        #expect(report.widened > 30)
        #expect(report.witnesses > 20)
    }

    @Test func `a key that is not compared is noticed`() {
        let report = DiffOracle(pairs: 5, requests: 300, seed: 7, ignoring: "maxSize").run()
        #expect(!report.failures.isEmpty)
    }
}
