// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct IPAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("0.0.0.0", [0, 0, 0, 0]), ("255.255.255.255", [255, 255, 255, 255]),
            ("::", [UInt8](repeating: 0, count: 16)), ("::1", [UInt8](repeating: 0, count: 15) + [1]),
            ("2001:db8::ff", [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [0xFF]),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
            ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)),
            ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
            ("::ffff:10.1.2.3", [UInt8](repeating: 0, count: 10) + [255, 255, 10, 1, 2, 3]),
        ] as [(String, [UInt8])])
    func `an address is read as its bytes`(text: String, bytes: [UInt8]) {
        #expect(IPAddress(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ", "a.b.c.d", ":",
        ":::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:8::",
        "fe80::1%eth0",
        "[::1]", "::ffff:256.0.0.1", "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `an invalid address is nil`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a range contains the addresses of its prefix, IPv4-mapped ones too`() throws {
        let ten = try AddressRange.parse("10.0.0.0/8")
        #expect(ten.contains("10.255.0.1"))
        #expect(ten.contains("::ffff:10.0.0.1"))
        #expect(!ten.contains("11.0.0.1"))
        #expect(!ten.contains("::10.0.0.1"))
        #expect(!ten.contains("no address"))
        let one = try AddressRange.parse("192.0.2.7")
        #expect(one.contains("192.0.2.7"))
        #expect(!one.contains("192.0.2.6"))
        let odd = try AddressRange.parse("192.0.2.128/25")
        #expect(odd.contains("192.0.2.200"))
        #expect(!odd.contains("192.0.2.127"))
        let six = try AddressRange.parse("2001:db8::/32")
        #expect(six.contains("2001:db8:ffff::1"))
        #expect(!six.contains("2001:db9::1"))
        #expect(try AddressRange.parse("0.0.0.0/0").contains("203.0.113.9"))
    }

    @Test(arguments: [
        "", "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "/8", "10.0.0.0/08", "10.0.0.0/8/8", "localhost",
        "10.0.0.0/-1",
    ])
    func `an invalid range is refused`(text: String) {
        #expect(throws: ValueError.self) { try AddressRange.parse(text) }
    }

    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"), ("::1", "loopback"), ("0:0:0:0:0:0:0:1", "loopback"),
        ("0000::0001", "loopback"), ("::ffff:127.0.0.1", "loopback"), ("::ffff:7f00:1", "loopback"), ("126.255.255.255", ""),
        ("128.0.0.0", ""), ("::2", ""), ("::127.0.0.1", ""), ("169.254.0.0", "link-local"), ("169.254.169.254", "link-local"),
        ("169.254.255.255", "link-local"), ("::ffff:169.254.169.254", "link-local"), ("::FFFF:A9FE:A9FE", "link-local"),
        ("fe80::1", "link-local"), ("febf:ffff::", "link-local"), ("fec0::1", ""), ("fe7f::1", ""), ("169.253.255.255", ""),
        ("169.255.0.0", ""), ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("::ffff:0.0.0.0", "unspecified"),
        ("0.0.0.1", ""), ("10.0.0.1", ""), ("2001:db8::1", ""),
    ])
    func `the kind of an address does not depend on its spelling`(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isLoopback == (kind == "loopback"))
        #expect(address.isLinkLocal == (kind == "link-local"))
        #expect(address.isUnspecified == (kind == "unspecified"))
    }

    @Test func `only a mapped address is unmapped`() throws {
        #expect(IPAddress("::ffff:10.1.2.3")?.unmapped == IPAddress("10.1.2.3"))
        for text in ["::10.1.2.3", "::fffe:10.1.2.3", "10.1.2.3", "1::ffff:10.1.2.3"] {
            let address = try #require(IPAddress(text))
            #expect(address.unmapped == address)
        }
    }
}
