// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PosternTestSupport
import Testing

@testable import PosternServer

struct ProxyStartupTests {
    private static func lines(_ environment: [String: String]) throws -> [String] {
        let recorder = LogRecorder()
        try ProxySettings.load(environment).log(to: recorder.logger(), environment: environment)
        return recorder.lines
    }

    @Test func `the log says which proxy is used, by which variable, and for which hosts it is not`() throws {
        let lines = try Self.lines([
            "https_proxy": "http://user:CANARY@proxy.example:3128", "HTTP_PROXY": "http://other.example",
            "NO_PROXY": ".svc, 10.*",
        ])
        #expect(lines.count == 1)
        for part in [
            "key sets, discovery documents and STS are fetched through a proxy", "\"proxy\": proxy.example:3128",
            "\"variable\": https_proxy", "\"user\": set", "\"noProxy\": .svc,10.*", "\"ignored\": 10.*",
        ] { #expect(lines[0].contains(part)) }
        #expect(!lines[0].contains("CANARY"))
        let plain = try #require(try Self.lines(["ALL_PROXY": "proxy.example"]).first)
        #expect(plain.contains("\"user\": none") && !plain.contains("ignored"))
    }

    @Test func `a variable that is not used is logged, and nothing if none is set`() throws {
        let lines = try Self.lines(["http_proxy": "http://proxy.example"])
        #expect(lines.count == 1 && lines[0].contains("\"variable\": http_proxy") && lines[0].contains("HTTPS_PROXY"))
        #expect(try Self.lines([:]).isEmpty)
        #expect(try Self.lines(["NO_PROXY": "a.example", "HTTPS_PROXY": ""]).isEmpty)
        #expect(try Self.lines(["NO_PROXY": "*", "HTTPS_PROXY": "http://proxy.example"]).isEmpty)
    }

    @Test func `a variable that names no HTTP proxy prevents the start`() throws {
        let error = #expect(throws: SetupError.self) { try ProxySettings.load(["ALL_PROXY": "socks5://user:CANARY@x"]) }
        #expect(error?.description.hasPrefix("ALL_PROXY names a SOCKS proxy") == true)
        let refusal = #expect(throws: SetupError.self) { try CredentialChains(environment: ["HTTPS_PROXY": "https://x:1"]) }
        #expect(refusal?.description.contains("HTTPS_PROXY") == true)
    }
}
