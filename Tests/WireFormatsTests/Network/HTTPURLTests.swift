// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct HTTPURLTests {
    @Test(arguments: [
        ("https://id.example/jwks.json", true, false), ("HTTPS://ID.EXAMPLE", true, false),
        ("http://id.example/", false, false),
        ("http://localhost:8080/x", true, true), ("http://LOCALHOST/", true, true), ("http://127.0.0.1/", true, true),
        ("http://127.255.0.1:1/", true, true), ("http://[::1]:8080/", true, true), ("https://[::1]/", true, true),
        ("https://id.example:65535/", true, false),
        ("http://127.0.0.1.example/", false, false), ("http://localhost.example/", false, false),
        ("http://[0:0:0:0:0:0:0:1]/", true, true), ("http://[::ffff:127.0.0.1]/", true, true),
        ("http://a.localhost/", true, true), ("http://minio_1:9000/", false, false),
        ("http://0.0.0.0/", false, false), ("http://169.254.169.254/", false, false), ("http://[::2]/", false, false),
        ("http://example/?h=localhost", false, false), ("http://example/#localhost", false, false),
    ])
    func `a URL is protected if it is https or on this machine`(text: String, isProtected: Bool, isLoopback: Bool) throws {
        let url = try HTTPURL(text)
        #expect(url.isProtected == isProtected)
        #expect(url.isLoopback == isLoopback)
        #expect(url.text == text)
    }

    @Test(arguments: [
        "", "/jwks.json", "id.example", "ftp://id.example/", "file:///etc/passwd", "https://", "https:///x",
        "http:id.example",
        "https://user@id.example/", "https://user:password@id.example/", "http://localhost@id.example/",
        "https://:x@id.example/",
        "https://id.example/a b", "https://id.example/\n", "https://id.example/é", "https://id.example/\u{7f}", "unix:///x",
        "https://id.example:65536/", "https://127.0.0.1:65536/a", "http://[::1]:99999/", "https://127.0.0.1:0/",
        "https://127.0.0.1:-1/", "https://127.0.0.1:18446744073709551617/", "https://127.0.0.1:99999999999999999999999/",
        "https://127.0.0.1:x/", "https://127.0.0.1:/", "https://[::1]:/",
        "http://127.0.0/", "http://127.0.0.256/", "http://127.0.0.1.1/", "http://2130706433/", "http://0x7f000001/",
        "https://id.example./", "https://id%2eexample/", "https://id.example\\@evil.example/", "https://[fe80::1%25eth0]/",
    ])
    func `a text that is no absolute URL of http or https, or names a user, is refused`(text: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(text) }
    }

    @Test func `a URL has its parts`() throws {
        let url = try HTTPURL("HTTPS://ID.Example:8443/a/b?x=/y?z#f?#g")
        #expect(url.scheme == .https && url.host.text == "ID.Example" && url.authority.port == 8443)
        #expect(url.path == "/a/b" && url.query == "x=/y?z" && url.fragment == "f?#g")
        let bare = try HTTPURL("http://[::1]")
        #expect(bare.path == "" && bare.query == nil && bare.fragment == nil && bare.host.text == "::1")
        let empty = try HTTPURL("http://h?#")
        #expect(empty.path == "" && empty.query == "" && empty.fragment == "")
    }

    @Test(arguments: [
        ("https://H.example", "h.example"), ("https://h:443/x", "h"), ("http://h:443", "h:443"), ("http://[::1]:80", "[::1]"),
        ("https://[::1]:80", "[::1]:80"),
    ])
    func `a Host field leaves out the default port`(text: String, field: String) throws {
        #expect(try HTTPURL(text).hostField == field)
    }

    @Test(
        arguments: [
            ("https://h/\u{e9}", .character), ("https://h/ ", .character), ("ftp://h", .scheme), ("", .scheme),
            ("https://u@h", .userInformation), ("https://a@b@h", .userInformation), ("https://", .host), ("https:///x", .host),
            ("https://h\\", .host), ("https://h:0", .port), ("https://h:", .port),
        ] as [(String, HTTPURLError)])
    func `an error says which part is wrong`(text: String, error: HTTPURLError) {
        #expect(throws: error) { try HTTPURL(text) }
    }
}
