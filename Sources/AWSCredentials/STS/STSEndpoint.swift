// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import WireFormats

/// Where the AWS Security Token Service is asked, and how its requests are signed.
package struct STSEndpoint: Sendable, Equatable {
    /// The whole URL, with its path.
    package let url: String
    /// What the `Host` header says: with the port, where it is not the scheme's own.
    package let host: String
    /// The path, which needs no encoding; `/` at least.
    package let path: String
    /// The region in the scope of signatures.
    package let region: String
    /// A PEM file of certificate authorities to trust instead of the system's.
    package let authorities: String?

    static let globalHost = "sts.amazonaws.com"
    static let globalRegion = "us-east-1"

    /// STS of AWS itself.
    init(awsHost host: String, region: String, authorities: String?) {
        url = "https://\(host)/"
        self.host = host
        path = "/"
        self.region = region
        self.authorities = authorities
    }

    /// STS of another store, or behind a name of one's own.
    /// - Parameter name: what the URL was written in, for errors
    init(url text: String, region: String, authorities: String?, name: String) throws(CredentialProblem) {
        guard let url = OutgoingURL(text), let parts = Self.parts(text) else {
            throw .configuration(
                "\(name) is not an http or https URL without user name, password, query, fragment and escapes in its path")
        }
        guard url.isProtected else {
            throw .configuration("\(name) is not encrypted: use https, for anything but this machine itself")
        }
        path = parts.path.isEmpty ? "/" : parts.path
        host = Self.withoutDefaultPort(parts.host, isEncrypted: url.isEncrypted)
        self.url = "\(url.isEncrypted ? "https" : "http")://\(host)\(path)"
        self.region = region
        self.authorities = authorities
    }

    /// Host with port, and path. Only paths that SigV4 writes as they are: nothing to encode, normalise or take for two things.
    private static func parts(_ text: String) -> (host: String, path: String)? {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else { return nil }
        let rest = bytes[(colon + 3)...]
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let host = String(decoding: rest[..<slash], as: UTF8.self).lowercased()
        let path = String(decoding: rest[slash...], as: UTF8.self)
        let isPlain = path.utf8.allSatisfy {
            $0.isASCIILetterOrDigit || "/-._~".utf8.contains($0)
        }
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        let isNormal = segments.dropLast().allSatisfy { !$0.isEmpty }
        let hasDots = segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
        let isHost = !host.isEmpty && !host.utf8.contains { "?#@\\%".utf8.contains($0) }
        return isPlain && isNormal && !hasDots && isHost ? (host, path) : nil
    }

    private static func withoutDefaultPort(_ host: String, isEncrypted: Bool) -> String {
        let port = isEncrypted ? ":443" : ":80"
        if host.hasSuffix(port) { return String(host.dropLast(port.utf8.count)) }
        return host.hasSuffix(":") ? String(host.dropLast()) : host
    }
}
