// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

@testable import PosternServer

struct ClientAddressTests {
    private func address(_ direct: String, _ forwarded: [String], trusted: String?) throws -> String {
        let yaml = trusted.map { "trustedProxies: [\"\($0)\"]\n" } ?? "listen: 127.0.0.1:1\n"
        let ranges = try ServiceSettings(file: "/postern.yaml", files: .memory(["/postern.yaml": yaml])).trustedProxies
        return ClientAddress(
            connection: PeerAddress(try SocketAddress(ipAddress: direct, port: 1)), forwardedFor: forwarded, trusted: ranges
        ).address
    }

    @Test(arguments: [
        ("203.0.113.9", ["198.51.100.7"], nil, "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.7"], "10.0.0.0/8", "203.0.113.9"),
        ("10.1.2.3", [], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.7, 10.9.9.9"], "10.0.0.0/8", "198.51.100.7"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
        ("10.1.2.3", ["198.51.100.7, \"evil\nline"], "10.0.0.0/8", "10.1.2.3"),
        ("::1", ["2001:db8::7"], "::1/128", "2001:db8::7"),
        ("10.1.2.3", ["198.51.100.7:51234, 10.9.9.9:80"], "10.0.0.0/8", "198.51.100.7"),
        ("10.1.2.3", ["[2001:db8::7]:51234"], "10.0.0.0/8", "2001:db8::7"),
        ("10.1.2.3", ["[2001:db8::7]"], "10.0.0.0/8", "2001:db8::7"),
        ("10.1.2.3", ["[2001:db8::7]1"], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["[2001:db8::7]-51"], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.7:"], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.7:+80"], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.7:65536"], "10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1:1:2"], "10.0.0.0/8", "10.1.2.3"),
    ])
    func `the client is the last address that no trusted proxy has added`(
        _ direct: String, _ forwarded: [String], _ trusted: String?, _ expected: String
    )
        throws
    {
        #expect(try address(direct, forwarded, trusted: trusted) == expected)
    }
}
