// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules

struct WebOriginTests {
    @Test(arguments: [
        "https://app.acme.example", "https://app.acme.example:8443", "https://xn--bcher-kva.example", "http://localhost",
        "http://localhost:3000", "http://dev.localhost:3000", "http://127.0.0.1:8080", "http://[::1]:8080",
        "https://10.0.0.1",
        "https://[2001:db8::1]:8443", "capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://obsidian.md",
        "https://localhost", "https://tauri.localhost", "app://localhost:8080", "my.app+1://host",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "safari-web-extension://E8A5F5AD-1B2C-4D3E-8F90-0123456789AB",
    ])
    func `an origin is accepted exactly as browsers write it`(text: String) throws {
        #expect(try WebOrigin.parse(text) == text)
    }

    @Test(arguments: [
        "", "*", "null", "https://*", "https://*.acme.example", "https://acme.example/", "https://acme.example?x",
        "https://acme.example#",
        "HTTPS://acme.example", "https://Acme.example", "https://acme.example:443", "http://localhost:80",
        "http://acme.example",
        "https://acme.example:0", "https://acme.example:65536", "https://acme.example:", "https://user@acme.example",
        "https://",
        "https://acme..example", "https://-acme.example", "https://1.2.3", "https://1.2.3.256", "https://[::1",
        "https://[1.2.3.4]",
        "file://", "file:///", "file://host", "https:/acme.example", "capacitor://", "capacitor://*", "*://localhost",
        "capacitor://localhost/", "capacitor://localhost?x", "Capacitor://localhost", "capacitor://local host",
        "capacitor:localhost",
        "capacitor://user@localhost", "capacitor://localhost:0", "capacitor://localhost:65536", "capacitor://localhost:08",
        "capacitor://localhost:", "capacitor://localhost:1:2", "capacitor://-a", "capacitor://.", "capacitor://l\u{f6}cal",
        "capacitor://localhost\u{301}", "capacitor://localhost\u{0}", "capacitor://localhost\n", "1app://host", "://host",
        "app//host",
        "data://host", "blob://host", "javascript://host", "about://blank", "ws://acme.example", "ftp://acme.example",
        "\(String(repeating: "a", count: 33))://host", "app://\(String(repeating: "a", count: 254))", "https://acme.example ",
        " https://acme.example",
        "https://acme.example\u{0}", "https://acme.example\u{301}", "https://b\u{fc}cher.example",
        "http://localhost.evil.example", "http://evillocalhost",
        "http://127.0.0.1.evil.example", "https://acme.example,https://b.example", "https://a_b.example",
    ])
    func `an origin that means more, or never matches, is refused`(text: String) {
        #expect(throws: ValueError.self) { try WebOrigin.parse(text) }
    }

    @Test(arguments: [
        ("null", true), ("https://evil.example", true), ("http://192.168.1.5:5173", true), ("capacitor://localhost", true),
        ("https://xn--bcher-kva.example:8443", true), ("http://[::1]:8080", true), ("", false), ("*", false), ("evil", false),
        ("https://", false), ("https://evil.example/x", false), ("https://EVIL.example", false), ("https://a b", false),
        ("https://evil.example\n", false), ("https://evil.example\u{0}", false), ("https://\u{202E}evil.example", false),
        ("https://user:password@evil.example", false), ("https://evil.example, https://b.example", false),
        ("https://\(String(repeating: "a", count: 60)).\(String(repeating: "b", count: 60)).c", false),
        ("https://eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln", false), ("Bearer x", false),
    ])
    func `a log repeats what has the form of an origin, and nothing else`(text: String, isWritten: Bool) {
        #expect(WebOrigin.isWritten(text) == isWritten)
    }

    @Test(arguments: [
        "https://id.example/jwks?x=1", "https://id.example:8443", "http://localhost:8080/jwks", "http://127.1.2.3/",
        "http://[::1]/",
    ])
    func `the URL of a key set is https, or http on this machine`(text: String) throws {
        #expect(try WebURL.parse(text) == text)
    }

    @Test(arguments: [
        "http://id.example/", "ftp://id.example", "//id.example", "https://u:p@id.example", "https://id.example/#x",
        "https://id.example/ x",
        "https://id.example/\u{e9}", "https://", "https:///jwks", "https://id.example:x/", "HTTPS://id.example",
        "https://id.example\\@evil",
        "http://localhost@evil.example/", "https://id.example/{x}", "https://id.example:0/",
    ])
    func `a URL with a password, fragment or space is refused`(text: String) {
        #expect(throws: ValueError.self) { try WebURL.parse(text) }
    }
}
