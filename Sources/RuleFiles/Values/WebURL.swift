// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An absolute https URL, or http on loopback, as text: checked, never rewritten.
enum WebURL {
    /// - Throws: Another scheme, http to another machine, user information, a fragment, a character no URL has.
    static func parse(_ text: String) throws(ValueError) -> String {
        guard text.utf8.starts(with: "https://".utf8) || text.utf8.starts(with: "http://".utf8) else {
            throw ValueError("\(text.quoted) is not an https URL", "write https://…")
        }
        guard text.utf8.allSatisfy(ByteSet.url.contains) else {
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

extension ByteSet {
    /// The characters of a URL (RFC 3986 §2), with `[` and `]` anywhere.
    fileprivate static let url = ByteSet(lettersAndDigits + "-._~:/?#[]@!$&'()*+,;=%")
}

/// A browser's origin, exactly as browsers serialise it (RFC 6454 §6.2): lower case, no default port, no path.
///
/// Besides web pages, web views of apps and browser extensions have origins, of their own schemes: `capacitor://localhost`.
package enum WebOrigin {
    static func parse(_ text: String) throws(ValueError) -> String {
        if text == "null" {
            throw ValueError(
                "the origin “null” would allow every sandboxed page and local file",
                "write the page's real origin: https://app.example"
            )
        }
        if text.utf8.contains(UInt8(ascii: "*")) {
            throw ValueError(
                "\(text.quoted) has a wildcard",
                "write each origin in full: https://app.example (for previews, a fixed alias domain for each branch)")
        }
        guard let (scheme, rest) = split(text) else {
            let lowercased = String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
            throw split(lowercased) == nil
                ? ValueError("\(text.quoted) is not an origin", "write scheme://host[:port]: https://app.example")
                : ValueError("\(text.quoted) is not in lower case", "write \(lowercased)")
        }
        if schemesOfNoPage.contains(scheme) {
            throw ValueError(
                "browsers send no origin that begins with \(scheme)://", "write scheme://host[:port]: https://app.example")
        }
        if let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
            throw ValueError(
                "\(text.quoted) has a path", "write \(scheme)://\(rest[..<end]) (an origin ends with its host or port)")
        }
        guard scheme == "https" || scheme == "http" else {
            guard isApp(rest) else {
                throw ValueError("\(text.quoted) has no valid host", "write scheme://host: capacitor://localhost")
            }
            return text
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
        if authority.port == (scheme == "https" ? 443 : 80) {
            let origin = "\(scheme)://\(authority.host.bracketed)"
            throw ValueError("\(text.quoted) names the default port, which browsers leave out", "write \(origin)")
        }
        if scheme == "http", !authority.host.isLoopback {
            throw ValueError("\(text.quoted) is not encrypted", "write https:// (http only for localhost, 127.0.0.1, [::1])")
        }
        return text
    }

    /// Whether the text has the form of an origin, allowed or not, so that a log may repeat it: `null`, or scheme, host and port, in
    /// lower case and at most 128 bytes.
    package static func isWritten(_ text: String) -> Bool {
        if text.hasSameBytes(as: "null") { return true }
        guard text.utf8.count <= 128, let (_, rest) = split(text) else { return false }
        guard !rest.utf8.contains(where: \.isASCIIUppercase) else { return false }
        return isApp(rest) || (try? HostPort(rest)) != nil
    }

    /// Schemes of URLs that have a host and no origin of their own, or that no page is loaded with.
    private static let schemesOfNoPage: Set<String> = ["about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"]

    /// Splits an origin after its scheme, which is lower case (RFC 3986 §3.1); nil if there is no scheme.
    private static func split(_ text: String) -> (scheme: String, rest: Substring)? {
        let name = text.utf8.prefix { $0.isASCIILowercase || $0.isASCIIDigit || "+-.".utf8.contains($0) }
        guard let first = name.first, first.isASCIILowercase, name.count <= 32 else { return nil }
        guard text.utf8[name.endIndex...].starts(with: "://".utf8) else { return nil }
        return (String(Substring(name)), text[name.endIndex...].dropFirst(3))
    }

    /// Whether the text is the host of an app or an extension, with or without a port. Browsers keep the case of such a host, which
    /// is opaque to them (URL standard, "host parsing").
    private static func isApp(_ text: Substring) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, (1...253).contains(host.count), host.first?.isASCIILetterOrDigit == true else {
            return false
        }
        guard host.allSatisfy({ $0.isASCIILetterOrDigit || "-._".utf8.contains($0) }) else { return false }
        guard parts.count == 2 else { return true }
        guard (1...5).contains(parts[1].count), parts[1].allSatisfy(\.isASCIIDigit), parts[1].first != UInt8(ascii: "0") else {
            return false
        }
        return Int(Substring(parts[1])).map { $0 <= 65535 } ?? false
    }
}
