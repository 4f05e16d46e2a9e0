// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The URL of a store without the bucket: scheme, host, port and base path.
struct EndpointURL {
    let scheme: String
    /// The host in lower case.
    let host: Host
    /// The port as it was written; nil if there is none.
    let port: Int?
    /// The base path without a trailing slash: empty, or beginning with a slash.
    let path: String
    /// What the host is on AWS; nil for any other store.
    let awsHost: AWSHost?

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
        host = url.host.lowercased
        port = url.authority.port
        awsHost = host.address == nil ? AWSHost(host.text) : nil
        self.path = String(Substring(path))
    }

    var isHTTPS: Bool { scheme == "https" }

    /// Host and port as the URL has them.
    var authority: String { port.map { "\(host.bracketed):\($0)" } ?? host.bracketed }
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
