// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct PrometheusTextTests {
    @Test func `labels are escaped`() {
        var page = PrometheusText()
        page.add("a_total", .counter, help: "Help.") { $0.add([("rule", "x\"\\\ny")], 3) }
        #expect(page.text == "# HELP a_total Help.\n# TYPE a_total counter\na_total{rule=\"x\\\"\\\\\\ny\"} 3\n")
    }
}
