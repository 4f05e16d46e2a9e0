// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The address of a store without the bucket, taken apart: scheme, host, port and base path, and nothing else.
struct EndpointURL {
    let scheme: String
    /// The host in lower case; an IPv6 address keeps its brackets.
    let host: String
    /// The port as it was written; nil where there is none.
    let port: Int?
    /// The base path without a slash at its end; empty or beginning with a slash.
    let path: String

    init(awsHost host: String) {
        self.scheme = "https"
        self.host = host
        self.port = nil
        self.path = ""
    }

    /// Reads a URL as an operator writes it. Each thing that has no place in a store's address is refused, not dropped.
    init(parsing text: String) throws(EndpointError) {
        func refusal(_ problem: EndpointError.URLProblem) -> EndpointError { .endpointInvalid(text, problem) }

        let utf8 = Array(text.utf8)
        guard utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw refusal(.character) }
        let lowercased = text.asciiLowercased
        guard let scheme = ["https", "http"].first(where: { lowercased.hasPrefix("\($0)://") }) else { throw refusal(.scheme) }
        let rest = utf8.dropFirst(scheme.utf8.count + 3)
        guard !rest.contains(UInt8(ascii: "?")) else { throw refusal(.query) }
        guard !rest.contains(UInt8(ascii: "#")) else { throw refusal(.fragment) }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        guard !authority.contains(UInt8(ascii: "@")) else { throw refusal(.userinfo) }

        let isBracketed = authority.first == UInt8(ascii: "[")
        guard
            let hostEnd = isBracketed
                ? authority.firstIndex(of: UInt8(ascii: "]")).map({ $0 + 1 })
                : authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        else { throw refusal(.host) }
        let host = String(decoding: authority[..<hostEnd], as: UTF8.self).asciiLowercased
        guard isBracketed ? Self.isIPv6(host) : Self.isName(host) else { throw refusal(.host) }

        self.scheme = scheme
        self.host = host
        self.port = try Self.port(authority[hostEnd...], else: refusal(.port))
        var path = rest[authority.endIndex...]
        if path.last == UInt8(ascii: "/") { path = path.dropLast() }
        guard Self.isPath(path) else { throw refusal(.path) }
        self.path = String(decoding: path, as: UTF8.self)
    }

    var isHTTPS: Bool { scheme == "https" }

    /// Host and port as they stand in the URL.
    var authority: String { port.map { "\(host):\($0)" } ?? host }

    /// Whether a bucket's name can stand in front of the host.
    var takesSubdomains: Bool { !host.hasPrefix("[") && !Self.isIPv4(host) }
}

extension EndpointURL {
    /// Reads what stands behind the host: nothing, or a colon and 1 to 65535.
    private static func port(_ text: ArraySlice<UInt8>, else refusal: EndpointError) throws(EndpointError) -> Int? {
        guard let first = text.first else { return nil }
        let digits = text.dropFirst()
        guard first == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { throw refusal }
        let port = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard (1...65_535).contains(port) else { throw refusal }
        return port
    }

    /// RFC 1123 labels; also `_`, which container networks put into names.
    private static func isName(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // A last label of digits makes URL parsers read an IPv4 address (WHATWG URL, "ends in a number").
        if let last = labels.last, last.allSatisfy(\.isASCIIDigit) { return isIPv4(host) }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy {
                    $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy(\.isASCIIDigit)
                    && (part.count == 1 || part.first != UInt8(ascii: "0"))
                    && part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
            }
    }

    /// Brackets around what can only be an IPv6 address; which one it is does not matter here.
    private static func isIPv6(_ host: String) -> Bool {
        let address = host.utf8.dropFirst().dropLast()
        return address.count >= 2 && address.filter { $0 == UInt8(ascii: ":") }.count >= 2
            && address.allSatisfy {
                $0.isASCIIDigit || $0 &- UInt8(ascii: "a") < 6 || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
    }

    /// Segments of unreserved characters (RFC 3986, section 2.3), none of them empty, `.` or `..`.
    private static func isPath(_ path: ArraySlice<UInt8>) -> Bool {
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
