// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles

struct ListenAddressTests {
    @Test func `a listener is a host and a port`() {
        #expect(ListenAddress("127.0.0.1:8080") == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(ListenAddress("[::1]:0")?.description == "[::1]:0")
        #expect(ListenAddress("localhost:65535")?.description == "localhost:65535")
        for text in [
            "", ":8080", "8080", "localhost", "localhost:", "localhost:65536", "::1:8080", "[::1]", "a b:1", "h:-1", "h:08",
            "[1.2.3.4]:1", "a_b:1",
        ] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
    }
}
