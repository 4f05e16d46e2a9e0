// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@Suite("URLs that Postern asks")
struct OutgoingURLTests {
    @Test(
        "a URL is private where it is encrypted or within this machine",
        arguments: [
            ("https://id.example/jwks.json", true, false), ("HTTPS://ID.EXAMPLE", true, false),
            ("http://id.example/", false, false),
            ("http://localhost:8080/x", true, true), ("http://LOCALHOST/", true, true), ("http://127.0.0.1/", true, true),
            ("http://127.255.0.1:1/", true, true), ("http://[::1]:8080/", true, true), ("https://[::1]/", true, true),
            ("https://id.example:65535/", true, false),
            ("http://127.0.0.1.example/", false, false), ("http://localhost.example/", false, false),
            ("http://127.0.0/", false, false), ("http://127.0.0.256/", false, false), ("http://127.0.0.1.1/", false, false),
            ("http://0.0.0.0/", false, false), ("http://169.254.169.254/", false, false), ("http://[::2]/", false, false),
            ("http://2130706433/", false, false), ("http://example/?h=localhost", false, false),
        ]
    )
    func privacy(text: String, isProtected: Bool, isLoopback: Bool) throws {
        let url = try #require(OutgoingURL(text))
        #expect(url.isProtected == isProtected)
        #expect(url.isLoopback == isLoopback)
        #expect(url.text == text)
    }

    @Test(
        "what is no absolute URL of http or https, or names a user, is none",
        arguments: [
            "", "/jwks.json", "id.example", "ftp://id.example/", "file:///etc/passwd", "https://", "https:///x",
            "http:id.example",
            "https://user@id.example/", "https://user:password@id.example/", "http://localhost@id.example/",
            "https://:x@id.example/",
            "https://id.example/a b", "https://id.example/\n", "https://id.example/é", "https://id.example/\u{7f}", "unix:///x",
            "https://id.example:65536/", "https://127.0.0.1:65536/a", "http://[::1]:99999/", "https://127.0.0.1:0/",
            "https://127.0.0.1:-1/", "https://127.0.0.1:18446744073709551617/", "https://127.0.0.1:99999999999999999999999/",
            "https://127.0.0.1:x/", "https://127.0.0.1:/", "https://[::1]:/",
        ]
    )
    func refused(text: String) {
        #expect(OutgoingURL(text) == nil)
    }
}
