// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// The configuration of the dev store. Every bucket name is guaranteed to be safe as a folder name, and the host to be a loopback
/// address, unless the network may use the store.
package struct DevStoreConfiguration: Sendable {
    /// The folder of the objects, `<folder>/<bucket>/<key>`. Created if needed.
    package let folder: String
    package let buckets: [String]
    /// The region that signatures must name.
    package let region: String
    /// An address or `localhost`.
    package let host: String
    /// 0 for any free port.
    package let port: Int
    /// The only credentials with which an upload may be signed.
    package let credentials: SigningCredentials
    /// The origins that may upload and read, such as `http://127.0.0.1:8080`, compared byte for byte; `*` allows all.
    package let allowedOrigins: [String]
    /// The checks that are left out; none, but for tests.
    package let ignored: Set<IgnoredCheck>
    /// Buckets and origins besides, asked for at each request: those of rules that change while the store runs. Names that are no
    /// bucket's are left out.
    package let further: @Sendable () -> (buckets: [String], origins: [String])

    /// - Parameter isForNetwork: whether other machines may use the store; otherwise the host must be of loopback
    package init(
        folder: String,
        buckets: [String],
        region: String = "us-east-1",
        host: String = "127.0.0.1",
        port: Int,
        isForNetwork: Bool = false,
        credentials: SigningCredentials,
        allowedOrigins: [String],
        ignored: Set<IgnoredCheck> = [],
        further: @escaping @Sendable () -> (buckets: [String], origins: [String]) = { ([], []) }
    ) throws(DevStoreConfigurationError) {
        guard isForNetwork || Host(host)?.isLoopback == true else { throw .notLoopback(host) }
        guard !buckets.isEmpty else { throw .noBucket }
        if let bad = buckets.first(where: { !Self.isBucketName($0) }) { throw .badBucket(bad) }
        self.folder = folder
        self.buckets = buckets
        self.region = region
        self.host = host
        self.port = port
        self.credentials = credentials
        self.allowedOrigins = allowedOrigins
        self.ignored = ignored
        self.further = further
    }

    /// The main rules of S3 for bucket names. They ensure that the name is safe as a folder name.
    package static func isBucketName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        let edges = [first, last].allSatisfy { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
        return edges
            && bytes.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}

/// Why a configuration of the dev store is invalid.
package enum DevStoreConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
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
            "\"\(name)\" is not a bucket name: 3 to 63 of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
        }
    }
}
