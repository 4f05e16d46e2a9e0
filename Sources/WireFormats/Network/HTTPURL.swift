// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL (RFC 9110 §4.2), parsed once. The text is not changed.
///
/// Hosts are parsed strictly, so that no other parser finds a different host in the same text. Paths and queries are not
/// checked beyond being visible ASCII.
package struct HTTPURL: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable, CaseIterable {
        case https
        case http

        package var defaultPort: Int { self == .https ? 443 : 80 }

        /// Whether a URL has this scheme, in any case.
        fileprivate func begins(_ text: String) -> Bool {
            let end = text.utf8.dropFirst(rawValue.utf8.count)
            return text.utf8.lazy.map(\.asciiLowercased).starts(with: rawValue.utf8) && end.starts(with: "://".utf8)
        }
    }

    /// As it was passed.
    package let text: String
    package let scheme: Scheme
    /// The port is 1 to 65535, or nil.
    package let authority: HostPort
    /// Empty, or beginning with `/`.
    package let path: String
    /// The text between `?` and `#`; nil if there is no `?`.
    package let query: String?
    /// The text after `#`; nil if there is none.
    package let fragment: String?

    package init(_ text: String) throws(HTTPURLError) {
        guard text.utf8.allSatisfy(\.isVisibleASCII) else { throw .character }
        guard let scheme = Scheme.allCases.first(where: { $0.begins(text) }) else { throw .scheme }
        let rest = text.utf8.dropFirst(scheme.rawValue.utf8.count + 3)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        // RFC 9110 §4.2.4: user information is refused, as it is used to hide the host.
        guard !authority.contains(UInt8(ascii: "@")) else { throw .userInformation }
        do throws(HostPortError) {
            self.authority = try HostPort(Substring(authority))
        } catch {
            throw error == .host ? .host : .port
        }
        guard self.authority.port != 0 else { throw .port }
        self.text = text
        self.scheme = scheme
        let reference = rest[authority.endIndex...]
        let beforeFragment = reference.prefix { $0 != UInt8(ascii: "#") }
        let path = beforeFragment.prefix { $0 != UInt8(ascii: "?") }
        self.path = String(Substring(path))
        query = Self.text(beforeFragment[path.endIndex...])
        fragment = Self.text(reference[beforeFragment.endIndex...])
    }

    package var host: Host { authority.host }

    /// Host and port as in a client's `Host` field: in lower case, without the scheme's default port.
    package var hostField: String {
        let host = host.lowercased.bracketed
        guard let port = authority.port, port != scheme.defaultPort else { return host }
        return "\(host):\(port)"
    }

    package var isEncrypted: Bool { scheme == .https }

    /// Whether the host is this machine.
    package var isLoopback: Bool { host.isLoopback }

    /// Whether no other machine can read or change what is sent: encrypted, or within this machine.
    package var isProtected: Bool { isEncrypted || isLoopback }

    /// The text after the delimiter.
    private static func text(_ part: Substring.UTF8View) -> String? {
        part.isEmpty ? nil : String(Substring(part.dropFirst()))
    }
}

/// Why a text is not an ``HTTPURL``.
package enum HTTPURLError: Error, Sendable, Hashable {
    /// A space, a control, or a character outside ASCII.
    case character
    /// The scheme is neither `http://` nor `https://`.
    case scheme
    /// A user name or password.
    case userInformation
    /// The host is neither a name nor an address.
    case host
    /// The port is not 1 to 65535.
    case port
}
