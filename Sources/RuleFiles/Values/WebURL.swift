// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An absolute https URL, or http on loopback, as text: checked, never rewritten.
enum WebURL {
    /// - Throws: Another scheme, http to another machine, user information, a fragment, a character no URL has.
    static func parse(_ text: String) throws(ValueError) -> String {
        guard text.utf8.starts(with: "https://".utf8) || text.utf8.starts(with: "http://".utf8) else {
            throw ValueError("\(text.quoted) is not an https URL", "write https://…")
        }
        guard text.utf8.allSatisfy({ $0.isVisibleASCII && !#""<>\^`{|}"#.utf8.contains($0) }) else {
            throw ValueError(
                "\(text.quoted) has a character that is not allowed in a URL", "write it percent-encoded (RFC 3986 §2.1)")
        }
        let url: HTTPURL
        do throws(HTTPURLError) {
            url = try HTTPURL(text)
            if url.host.hasUnderscore { throw .host }
        } catch .userInformation {
            throw ValueError("the URL has a user name or password", "remove everything between “//” and “@”, and the “@”")
        } catch {
            throw ValueError("\(text.quoted) has no valid host", "write https://host or https://host:port")
        }
        if url.fragment != nil {
            throw ValueError("\(text.quoted) has a fragment", "remove “#” and everything after it")
        }
        guard url.isProtected else {
            throw ValueError("\(text.quoted) is not encrypted", "write https:// (http only for localhost, 127.0.0.1, [::1])")
        }
        return text
    }
}

/// A browser's origin, exactly as browsers serialise it (RFC 6454 §6.2): lower case, no default port, no path.
enum WebOrigin {
    static func parse(_ text: String) throws(ValueError) -> String {
        if text == "null" {
            throw ValueError(
                "the origin “null” would allow every sandboxed page and local file",
                "write the page's real origin: https://app.example"
            )
        }
        if text.utf8.contains(UInt8(ascii: "*")) {
            throw ValueError("\(text.quoted) has a wildcard", "write each origin in full: https://app.example")
        }
        let scheme: String
        if text.utf8.starts(with: "https://".utf8) {
            scheme = "https://"
        } else if text.utf8.starts(with: "http://".utf8) {
            scheme = "http://"
        } else if text.lowercased().hasPrefix("http"), text.contains("://") {
            throw ValueError("\(text.quoted) is not in lower case", "write \(text.lowercased())")
        } else {
            throw ValueError("\(text.quoted) is not an origin", "write scheme://host[:port]: https://app.example")
        }
        let rest = text.dropFirst(scheme.count)
        if let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
            throw ValueError("\(text.quoted) has a path", "write \(scheme)\(rest[..<end]) (an origin ends with its host or port)")
        }
        guard let authority = try? HostPort(rest), authority.port != 0, !authority.host.hasUnderscore else {
            let isASCII = rest.utf8.allSatisfy { $0 < 0x80 }
            throw ValueError(
                "\(text.quoted) has no valid host",
                isASCII ? "write scheme://host[:port]: https://app.example" : "write the host in Punycode: https://xn--…"
            )
        }
        if text.utf8.contains(where: \.isASCIIUppercase) {
            throw ValueError("\(text.quoted) is not in lower case", "write \(text.lowercased())")
        }
        if authority.port == (scheme == "https://" ? 443 : 80) {
            let origin = "\(scheme)\(authority.host.bracketed)"
            throw ValueError("\(text.quoted) names the default port, which browsers leave out", "write \(origin)")
        }
        if scheme == "http://", !authority.host.isLoopback {
            throw ValueError("\(text.quoted) is not encrypted", "write https:// (http only for localhost, 127.0.0.1, [::1])")
        }
        return text
    }
}
