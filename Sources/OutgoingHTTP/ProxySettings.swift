// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// Which requests are sent through a proxy, from the environment variables that many programs share.
///
/// The proxy is the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY` that is not empty: the names and the order
/// are curl's. `http_proxy` is not used: a URL with `http` is requested on this machine only. `no_proxy` or `NO_PROXY` lists the
/// exceptions; see ``ProxyExceptions``.
package struct ProxySettings: Sendable {
    /// Every request is sent directly.
    package static let none = ProxySettings(proxy: nil, variable: nil, exceptions: ProxyExceptions(""))

    /// Nil if no variable names one, or if `NO_PROXY` excepts every host.
    package let proxy: ForwardProxy?
    /// The variable that names the proxy.
    package let variable: String?
    package let exceptions: ProxyExceptions

    private init(proxy: ForwardProxy?, variable: String?, exceptions: ProxyExceptions) {
        self.proxy = proxy
        self.variable = variable
        self.exceptions = exceptions
    }

    /// - Throws: if a variable names something other than an HTTP proxy. If it were ignored, requests would be sent on a way that
    ///   the operator did not intend
    package init(environment: [String: String]) throws(ProxySettingsError) {
        let exceptions = ProxyExceptions(environment.firstSet(["no_proxy", "NO_PROXY"])?.value ?? "")
        let named = environment.firstSet(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
        guard let named, !exceptions.containsEveryHost else {
            self.init(proxy: nil, variable: nil, exceptions: exceptions)
            return
        }
        do throws(ValueError) {
            self.init(proxy: try ForwardProxy(named.value), variable: named.name, exceptions: exceptions)
        } catch {
            throw ProxySettingsError(variable: named.name, error: error)
        }
    }

    /// Returns the proxy that a URL is requested through; nil if it is requested directly.
    ///
    /// This machine and link-local addresses are always requested directly: from a proxy, they are other machines.
    package func proxy(for url: HTTPURL) -> ForwardProxy? {
        guard let proxy, url.isEncrypted, AddressKind(url.host) == nil,
            !exceptions.contains(url.host, port: url.authority.port ?? url.scheme.defaultPort)
        else { return nil }
        return proxy
    }

    /// The variable that names a proxy for `http` only, if it is set and no proxy is: the operator may expect that it is used.
    package static func unusedVariable(in environment: [String: String]) -> String? {
        guard environment.firstSet(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]) == nil else { return nil }
        return environment.firstSet(["http_proxy", "HTTP_PROXY"])?.name
    }
}

/// Why the variable of a proxy cannot be used. Does not contain its value, which may have a password.
package struct ProxySettingsError: Error, Sendable, CustomStringConvertible {
    package let variable: String
    package let error: ValueError

    package var description: String { "\(variable) \(error.message): \(error.advice)" }
}

/// The hosts that are requested without the proxy, as Go's `golang.org/x/net/http/httpproxy` reads `NO_PROXY`.
///
/// Entries are separated by commas or white space:
/// - `example.com` is the host and every name under it, `.example.com` and `*.example.com` only the names under it;
/// - `192.0.2.1` and `2001:db8::1` are addresses, `192.0.2.0/24` and `2001:db8::/32` are ranges. They are compared with a URL that
///   has an address; names are not looked up;
/// - `example.com:8443` and `[2001:db8::1]:8443` are for one port;
/// - `*` is every host.
package struct ProxyExceptions: Sendable {
    private enum Entry {
        case addresses(AddressRange, port: Int?)
        case name(String, isIncluded: Bool, port: Int?)
    }

    /// Whether `*` is in the list.
    package let containsEveryHost: Bool
    /// The list as it is set.
    package let text: String
    /// The entries that are none of these. They have no effect, as in other programs.
    package let ignored: [String]
    private let entries: [Entry]

    package init(_ text: String) {
        var entries: [Entry] = []
        var ignored: [String] = []
        let words = text.split { $0 == "," || $0.isWhitespace }
        for word in words where word != "*" {
            if let entry = Self.entry(word.lowercased()) { entries.append(entry) } else { ignored.append(String(word)) }
        }
        self.text = words.joined(separator: ",")
        self.entries = entries
        self.ignored = ignored
        containsEveryHost = words.contains("*")
    }

    package func contains(_ host: Host, port: Int) -> Bool {
        if containsEveryHost { return true }
        let name = host.lowercased.text
        return entries.contains { entry in
            switch entry {
            case .addresses(let range, let only):
                host.address.map(range.contains) == true && (only ?? port) == port
            case .name(let excepted, let isIncluded, let only):
                (name.hasSuffix("." + excepted) || (isIncluded && name == excepted)) && (only ?? port) == port
            }
        }
    }

    private static func entry(_ text: String) -> Entry? {
        if let range = range(text) { return .addresses(range, port: nil) }
        let isWildcard = text.hasPrefix("*.")
        let isIncluded = !isWildcard && !text.hasPrefix(".")
        guard let authority = try? HostPort(text.dropFirst(isWildcard ? 2 : isIncluded ? 0 : 1)) else { return nil }
        guard let address = authority.host.address?.unmapped else {
            return .name(authority.host.text, isIncluded: isIncluded, port: authority.port)
        }
        guard isIncluded else { return nil }
        return .addresses(AddressRange(around: address, prefixLength: address.bytes.count * 8), port: authority.port)
    }

    /// An address without a port, or a range. Bits after the prefix are ignored.
    private static func range(_ text: String) -> AddressRange? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        guard parts.count == 2 else {
            let address = address.unmapped
            return AddressRange(around: address, prefixLength: address.bytes.count * 8)
        }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy(\.isASCIIDigit), let length = Int(parts[1]),
            length <= address.bytes.count * 8
        else { return nil }
        return AddressRange(around: address, prefixLength: length)
    }
}

extension [String: String] {
    /// The first of the variables that is set and not empty.
    fileprivate func firstSet(_ names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = self[name], !value.trimmed.isEmpty { return (name, value) }
        }
        return nil
    }
}
