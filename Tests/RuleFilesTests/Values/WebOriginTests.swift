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
        "https://[2001:db8::1]:8443",
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
        "file://", "capacitor://localhost", "https:/acme.example", "https://acme.example ", " https://acme.example",
        "https://acme.example\u{0}", "https://acme.example\u{301}", "https://b\u{fc}cher.example",
        "http://localhost.evil.example", "http://evillocalhost",
        "http://127.0.0.1.evil.example", "https://acme.example,https://b.example", "https://a_b.example",
    ])
    func `an origin that means more, or never matches, is refused`(text: String) {
        #expect(throws: ValueError.self) { try WebOrigin.parse(text) }
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
