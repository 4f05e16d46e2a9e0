// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The URL of a store without the bucket: scheme, host, port and base path.
struct EndpointURL {
    let scheme: String
    /// The host in lower case; an IPv6 address keeps its brackets.
    let host: String
    /// The port as it was written; nil if there is none.
    let port: Int?
    /// The base path without a trailing slash: empty, or beginning with a slash.
    let path: String
    /// Whether the host can have a bucket as a subdomain: a name can, an address cannot.
    let allowsSubdomains: Bool

    init(awsHost host: String) {
        self.scheme = "https"
        self.host = host
        self.port = nil
        self.path = ""
        self.allowsSubdomains = true
    }

    /// Parses a URL as operators write it. Parts that a store's address cannot have are refused, not dropped.
    init(parsing text: String) throws(EndpointError) {
        func refusal(_ problem: EndpointError.URLProblem) -> EndpointError { .endpointInvalid(text, problem) }

        let url: HTTPURL
        do throws(HTTPURLError) {
            url = try HTTPURL(text)
        } catch {
            throw refusal(Self.problem(error))
        }
        guard url.query == nil else { throw refusal(.query) }
        guard url.fragment == nil else { throw refusal(.fragment) }
        var path = url.path.utf8[...]
        if path.last == UInt8(ascii: "/") { path = path.dropLast() }
        guard Self.isPath(path) else { throw refusal(.path) }
        scheme = url.scheme.rawValue
        host = url.host.lowercased.bracketed
        port = url.authority.port
        allowsSubdomains = url.host.address == nil
        self.path = String(Substring(path))
    }

    var isHTTPS: Bool { scheme == "https" }

    /// Host and port as the URL has them.
    var authority: String { port.map { "\(host):\($0)" } ?? host }
}

extension EndpointURL {
    private static func problem(_ error: HTTPURLError) -> EndpointError.URLProblem {
        switch error {
        case .character: .character
        case .scheme: .scheme
        case .userInformation: .userinfo
        case .host: .host
        case .port: .port
        }
    }

    /// Whether the path is segments of unreserved characters (RFC 3986, section 2.3), none of them empty or only dots.
    private static func isPath(_ path: Substring.UTF8View) -> Bool {
        guard !path.isEmpty else { return true }
        return path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && segment.contains { $0 != UInt8(ascii: ".") }
                && segment.allSatisfy {
                    $0.isASCIILetter || $0.isASCIIDigit
                        || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~")].contains($0)
                }
        }
    }
}
