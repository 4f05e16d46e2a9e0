// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing
import WireFormats

struct ProxySettingsTests {
    /// The proxy of a URL, as messages name it; nil for none.
    private static func proxy(_ environment: [String: String], for url: String = "https://id.example/") throws -> String? {
        try ProxySettings(environment: environment).proxy(for: try HTTPURL(url))?.name
    }

    @Test(
        arguments: [
            ("http://proxy.example:3128", "proxy.example:3128"), ("http://proxy.example:3128/", "proxy.example:3128"),
            ("HTTP://Proxy.Example:3128", "proxy.example:3128"), ("proxy.example:3128", "proxy.example:3128"),
            // As in Go; curl would use port 1080.
            ("http://proxy.example", "proxy.example:80"), ("proxy", "proxy:80"),
            (" http://10.1.2.3:8080 ", "10.1.2.3:8080"), ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
            ("http://127.0.0.1:3128", "127.0.0.1:3128"), ("http://user:secret@proxy.example:3128", "proxy.example:3128"),
            ("user@proxy.example:3128", "proxy.example:3128"), ("http://@proxy.example:3128", "proxy.example:3128"),
        ])
    func `a proxy is a URL or host and port`(value: String, name: String) throws {
        #expect(try Self.proxy(["HTTPS_PROXY": value]) == name)
    }

    @Test(
        arguments: [
            ("https://proxy.example:3128", "over TLS"), ("https://user:CANARY@proxy.example", "over TLS"),
            ("socks5://127.0.0.1:1080", "SOCKS"), ("socks5h://user:CANARY@proxy.example:1080", "SOCKS"),
            ("socks://proxy.example", "SOCKS"),
            ("ftp://proxy.example", "is not the URL of a proxy"), ("http://", "is not the URL of a proxy"),
            ("http://proxy.example:0", "is not the URL of a proxy"), ("http://proxy.example:x", "is not the URL of a proxy"),
            ("http://proxy.example:3128/path", "is not the URL of a proxy"),
            ("http://proxy example", "is not the URL of a proxy"),
            ("http://2001:db8::1", "is not the URL of a proxy"), ("http://proxy.example:3128?x", "is not the URL of a proxy"),
            ("http://user:CANARY/@proxy.example", "is not the URL of a proxy"),
            ("http://user:CANARY@x@proxy.example", "is not the URL of a proxy"),
            ("http://user:CANARY%2@proxy.example", "is not the URL of a proxy"),
            ("http://us%3Aer:CANARY@proxy.example", "a user name with a colon"),
            ("http://user:CANARY%0A@proxy.example", "a control"),
        ])
    func `another value is an error that does not show it`(value: String, reason: String) {
        let error = #expect(throws: ProxySettingsError.self) { try ProxySettings(environment: ["https_proxy": value]) }
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix("https_proxy ") && sentence.contains(reason) && sentence.contains(": "))
        #expect(!sentence.contains("CANARY") && !sentence.contains("proxy.example"))
    }

    @Test func `the first of four variables that is not empty names the proxy`() throws {
        var environment = ["ALL_PROXY": "d", "all_proxy": "c", "HTTPS_PROXY": "b", "https_proxy": "a"]
        for (name, proxy) in [("https_proxy", "a:80"), ("HTTPS_PROXY", "b:80"), ("all_proxy", "c:80"), ("ALL_PROXY", "d:80")] {
            let settings = try ProxySettings(environment: environment)
            #expect(settings.variable == name && settings.proxy?.name == proxy)
            environment[name] = ["", " "].randomElement()
        }
        #expect(try Self.proxy(environment) == nil)
        #expect(try Self.proxy([:]) == nil)
        // The ones that are not consulted may be anything.
        #expect(try Self.proxy(["HTTPS_PROXY": "a", "ALL_PROXY": "socks5://b"]) == "a:80")
    }

    @Test func `the variable for http is not used, which is reported if it is the only one`() throws {
        #expect(try Self.proxy(["HTTP_PROXY": "a", "http_proxy": "b"]) == nil)
        #expect(try Self.proxy(["HTTPS_PROXY": "a"], for: "http://id.example/") == nil)
        #expect(ProxySettings.unusedVariable(in: ["HTTP_PROXY": "a", "http_proxy": "b"]) == "http_proxy")
        #expect(ProxySettings.unusedVariable(in: ["HTTP_PROXY": "a"]) == "HTTP_PROXY")
        #expect(ProxySettings.unusedVariable(in: ["HTTP_PROXY": "a", "ALL_PROXY": "b"]) == nil)
        #expect(ProxySettings.unusedVariable(in: ["HTTP_PROXY": "", "NO_PROXY": "*"]) == nil)
    }

    /// From the tests of Go's `httpproxy`, for port 80 there and 443 here.
    private static let exceptions = """
        foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:444, 192.168.1.3:443, 10.0.0.0/30, 2001:db8::52:0:1, \
        [2001:db8::52:0:2]:444, [2001:db8::52:0:3]:443, 2002:db8:a::45/64
        """

    @Test(
        arguments: [
            ("localhost", false), ("127.0.0.1", false), ("127.0.0.2", false), ("[::1]", false), ("[::2]", true),
            ("192.168.1.1", false), ("192.168.1.2", true), ("192.168.1.3", false), ("192.168.1.4", true), ("10.0.0.2", false),
            ("10.0.0.4", true), ("[2001:db8::52:0:1]", false), ("[2001:db8::52:0:2]", true), ("[2001:db8::52:0:3]", false),
            ("[2002:db8:a::123]", false), ("[2002:db8:b::123]", true), ("[::ffff:192.168.1.1]", false),
            ("[::ffff:10.0.0.2]", false), ("barbaz.net", true), ("www.barbaz.net", false), ("foobar.com", false),
            ("FooBar.COM", false), ("www.foobar.com", false), ("a.b.foobar.com", false), ("foofoobar.com", true),
            ("baz.com", true), ("localhost.net", true), ("barbarbaz.net", true), ("wildcard.io", true),
            ("nested.wildcard.io", false), ("awildcard.io", true), ("foobar.com.example", true),
            // Unlike Go: names under localhost are this machine (RFC 6761), and a link-local address is on this link.
            ("local.localhost", false), ("[fe80::424b:c8be:1643:a1b6]", false), ("169.254.169.254", false),
            ("0.0.0.0", false), ("[::]", false), ("[::ffff:127.0.0.1]", false),
        ])
    func `hosts in NO_PROXY, this machine and link-local addresses are requested directly`(host: String, isProxied: Bool) throws {
        let environment = ["HTTPS_PROXY": "proxy", "NO_PROXY": Self.exceptions]
        #expect(try Self.proxy(environment, for: "https://\(host)/x") == (isProxied ? "proxy:80" : nil))
        #expect(try ProxySettings(environment: environment).exceptions.ignored.isEmpty)
    }

    @Test func `an exception may be for one port`() throws {
        let environment = ["HTTPS_PROXY": "proxy", "NO_PROXY": "id.example:8443,[2001:db8::1]:443,.svc:6443"]
        #expect(try Self.proxy(environment, for: "https://id.example:8443/") == nil)
        #expect(try Self.proxy(environment, for: "https://a.id.example:8443/") == nil)
        #expect(try Self.proxy(environment, for: "https://id.example/") == "proxy:80")
        #expect(try Self.proxy(environment, for: "https://[2001:db8::1]/") == nil)
        #expect(try Self.proxy(environment, for: "https://[2001:db8::1]:444/") == "proxy:80")
        #expect(try Self.proxy(environment, for: "https://keycloak.iam.svc:6443/") == nil)
        #expect(try Self.proxy(environment, for: "https://keycloak.iam.svc/") == "proxy:80")
    }

    @Test func `a star excepts every host, and then the proxy is not read`() throws {
        for list in ["*", "a.example, *", "*,b"] {
            let settings = try ProxySettings(environment: ["HTTPS_PROXY": "socks5://proxy", "NO_PROXY": list])
            #expect(settings.proxy == nil && settings.exceptions.containsEveryHost)
        }
    }

    @Test func `lower case takes precedence, and an empty list has no effect`() throws {
        let both = ["HTTPS_PROXY": "proxy", "no_proxy": "id.example", "NO_PROXY": "other.example"]
        #expect(try Self.proxy(both) == nil)
        #expect(try Self.proxy(both, for: "https://other.example/") == "proxy:80")
        #expect(try Self.proxy(["HTTPS_PROXY": "proxy", "no_proxy": "", "NO_PROXY": "id.example"]) == nil)
        #expect(try Self.proxy(["HTTPS_PROXY": "proxy", "NO_PROXY": " , ,"]) == "proxy:80")
    }

    @Test func `entries that are no host, address or range are ignored and reported`() throws {
        let exceptions = ProxyExceptions(
            ":1 , 10.0.0.0/33,192.168.0.*,https://a.example, a|b,id.example,*x.example,1.2.3,.1.2.3.4,ü.example")
        #expect(
            exceptions.ignored == [
                ":1", "10.0.0.0/33", "192.168.0.*", "https://a.example", "a|b", "*x.example", "1.2.3", ".1.2.3.4", "ü.example",
            ])
        #expect(exceptions.contains(try #require(Host("id.example")), port: 443))
        #expect(!exceptions.contains(try #require(Host("10.0.0.1")), port: 443))
        #expect(!exceptions.containsEveryHost)
    }

    @Test func `printing shows neither user nor password`() throws {
        let settings = try ProxySettings(environment: ["HTTPS_PROXY": "http://CANARY:CANARY@proxy.example:3128"])
        let encoded = Base64.encode(Array("CANARY:CANARY".utf8).span)
        let request = OutgoingRequest(.get, "https://id.example/", timeout: .seconds(1), limit: 1, proxies: settings)
        var dumped = ""
        dump(settings, to: &dumped)
        dump(request, to: &dumped)
        for text in [dumped, "\(settings)", String(reflecting: settings), "\(request)", String(reflecting: request)] {
            #expect(text.contains("proxy.example") && !text.contains("CANARY") && !text.contains(encoded))
        }
    }
}
