// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// What the dev store needs to know. It cannot hold an address that other machines reach, nor a bucket's name that is a path.
package struct DevStoreConfiguration: Sendable {
    /// Why a configuration is not one.
    package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
        case notLoopback(String)
        case noBucket
        case badBucket(String)

        package var description: String {
            switch self {
            case .notLoopback(let host):
                "the dev store listens on loopback only (127.0.0.1, ::1, localhost), not on \"\(host)\""
            case .noBucket:
                "the dev store needs at least one bucket"
            case .badBucket(let name):
                "\"\(name)\" is no bucket name: 3 to 63 of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
            }
        }
    }

    /// Where the objects are kept: `<folder>/<bucket>/<key>`. Made when it is not there.
    package let folder: String
    package let buckets: [String]
    /// The region that a signature must be for.
    package let region: String
    /// A loopback address or `localhost`.
    package let host: String
    /// 0 takes a free one.
    package let port: Int
    /// The one identity that the store knows; it verifies signatures with it.
    package let credentials: SigningCredentials
    /// The pages that may upload and read, such as `http://127.0.0.1:8080`, byte for byte; `*` allows every page.
    package let allowedOrigins: [String]

    package init(
        folder: String,
        buckets: [String],
        region: String = "us-east-1",
        host: String = "127.0.0.1",
        port: Int,
        credentials: SigningCredentials,
        allowedOrigins: [String]
    ) throws(Problem) {
        guard Host(host)?.isLoopback == true else { throw .notLoopback(host) }
        guard !buckets.isEmpty else { throw .noBucket }
        if let bad = buckets.first(where: { !Self.isBucketName($0) }) { throw .badBucket(bad) }
        self.folder = folder
        self.buckets = buckets
        self.region = region
        self.host = host
        self.port = port
        self.credentials = credentials
        self.allowedOrigins = allowedOrigins
    }

    /// The core of S3's bucket naming rules; what matters here is that a name is one safe folder name.
    private static func isBucketName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        let edges = [first, last].allSatisfy { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
        return edges
            && bytes.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}
