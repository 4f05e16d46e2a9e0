// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct HostPortTests {
    @Test(
        arguments: [
            ("id.example", "id.example", nil), ("ID.Example:8443", "ID.Example", 8443), ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]", "::1", nil), ("[2001:DB8::1]:65535", "2001:DB8::1", 65_535), ("minio_1:9000", "minio_1", 9000),
            ("1.example", "1.example", nil), ("0xg", "0xg", nil), ("a-b.c-d:1", "a-b.c-d", 1),
            ("xn--bcher-kva", "xn--bcher-kva", nil),
        ] as [(String, String, Int?)])
    func `a host and a port are read unchanged`(text: String, host: String, port: Int?) throws {
        let read = try HostPort(text)
        #expect(read.host.text == host)
        #expect(read.port == port)
        #expect(read.description == text)
    }

    @Test(arguments: [
        "", ":80", "[]", "[::1", "::1", "[1.2.3.4]", "[::g]", "[fe80::1%eth0]", "[fe80::1%25eth0]", "[id.example]", "-a", "a-",
        "a..b", ".a", "a.", "a b", "a%41", "a@b", "a/b", "é", "1.2.3", "256.1.1.1", "01.2.3.4", "127.1", "2130706433",
        "0x7f.0.0.0x1", "0x7f000001", "0X7F", "a.0x", "h.1", String(repeating: "a", count: 64),
        String(repeating: "a.", count: 127) + "b",
    ])
    func `an invalid host is refused`(text: String) {
        #expect(throws: HostPortError.host) { try HostPort(text) }
    }

    @Test(arguments: ["h:", "h:x", "h:-1", "h:+1", "h:65536", "h:08", "h:00", "h:100000", "h:80:80", "[::1]80", "[::1]:", "h:1 "])
    func `an invalid port is refused`(text: String) {
        #expect(throws: HostPortError.port) { try HostPort(text) }
    }

    @Test func `an IPv6 address before a port has brackets`() throws {
        #expect(Host("::1")?.bracketed == "[::1]")
        #expect(Host("127.0.0.1")?.bracketed == "127.0.0.1")
        #expect(Host("Example")?.lowercased.text == "example")
        #expect(Host("[::1]") == nil)
    }
}
