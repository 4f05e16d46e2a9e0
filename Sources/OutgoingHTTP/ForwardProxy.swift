// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// An HTTP proxy that connects to other hosts on request (CONNECT, RFC 9110 §9.3.6). Printing shows neither user nor password.
package struct ForwardProxy: Sendable, Hashable {
    package let host: Host
    package let port: Int
    /// The user name and password in Base64, for `Proxy-Authorization: Basic` (RFC 7617); nil if there are none.
    let basicCredentials: String?

    /// `proxy.example:3128`: how messages and logs name the proxy.
    package var name: String { "\(host.bracketed):\(port)" }

    package var hasCredentials: Bool { basicCredentials != nil }

    /// Reads `http://host:port` or `http://user:password@host:port`. Scheme and port can be missing: `http`, and 80.
    ///
    /// The error does not contain the text, which may have a password.
    package init(_ text: String) throws(ValueError) {
        var rest = text.trimmed[...]
        if let colon = rest.firstRange(of: "://") {
            try Self.checkScheme(rest[..<colon.lowerBound].lowercased())
            rest = rest[colon.upperBound...]
        }
        if rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        var credentials: String?
        if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
            credentials = try Self.basicCredentials(rest[..<at])
            rest = rest[rest.utf8.index(after: at)...]
        }
        guard let authority = try? HostPort(rest), authority.port != 0 else { throw Self.notAProxy }
        host = authority.host.lowercased
        port = authority.port ?? 80
        basicCredentials = credentials
    }

    private static func checkScheme(_ scheme: String) throws(ValueError) {
        switch scheme {
        case "http": return
        case "https":
            throw ValueError(
                "names a proxy that is connected to over TLS (https://), which Postern does not do",
                "write http://host:port if the proxy also listens without TLS; what is sent through it is encrypted up to the "
                    + "server that it is for")
        case _ where scheme.hasPrefix("socks"):
            throw ValueError(
                "names a SOCKS proxy, and Postern uses HTTP proxies only",
                "set HTTPS_PROXY to http://host:port, or set NO_PROXY to * if no proxy is needed")
        default: throw notAProxy
        }
    }

    /// - Parameter text: `user` or `user:password`, each percent-encoded
    private static func basicCredentials(_ text: Substring) throws(ValueError) -> String? {
        guard !text.isEmpty else { return nil }
        // What ends the authority of a URL must be encoded; other programs would find another host.
        guard text.utf8.allSatisfy({ $0.isVisibleASCII && !"/?#[]@".utf8.contains($0) }) else { throw notAProxy }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = PercentEncoding.component.decode(parts[0]),
            let password = PercentEncoding.component.decode(parts.count > 1 ? parts[1] : "".utf8[...])
        else { throw notAProxy }
        // RFC 7617 §2: no controls; the first colon ends the user name.
        guard !user.contains(UInt8(ascii: ":")), (user + password).allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ValueError(
                "has a user name with a colon, or a control in the user name or password",
                "use a user name and password that Basic authentication can send (RFC 7617)")
        }
        return Base64.encode((user + [UInt8(ascii: ":")] + password).span)
    }

    private static let notAProxy = ValueError(
        "is not the URL of a proxy",
        "write http://host:port, or http://user:password@host:port with special characters of user and password percent-encoded")
}

extension ForwardProxy: CustomStringConvertible, CustomReflectable {
    package var description: String { name }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
