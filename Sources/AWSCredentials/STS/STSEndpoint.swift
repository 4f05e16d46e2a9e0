// SPDX-License-Identifier: Apache-2.0

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
    init(url text: String, region: String, authorities: String?, name: String) throws(CredentialError) {
        guard let url = try? HTTPURL(text), url.query == nil, url.fragment == nil, Self.isPlain(path: url.path) else {
            throw .configuration(
                "\(name) is not an http or https URL without user name, password, query, fragment and escapes in its path")
        }
        guard url.isProtected else {
            throw .configuration("\(name) is not encrypted: use https, for anything but this machine itself")
        }
        path = url.path.isEmpty ? "/" : url.path
        host = url.hostField
        self.url = "\(url.scheme.rawValue)://\(host)\(path)"
        self.region = region
        self.authorities = authorities
    }

    /// Only paths that SigV4 writes as they are: nothing to encode, normalise or take for two things.
    private static func isPlain(path: String) -> Bool {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        return path.utf8.allSatisfy { $0.isASCIILetterOrDigit || "/-._~".utf8.contains($0) }
            && segments.dropLast().allSatisfy { !$0.isEmpty }
            && !segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    }
}
