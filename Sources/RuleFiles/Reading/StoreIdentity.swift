// SPDX-License-Identifier: Apache-2.0

/// Which bucket this is, as far as names can tell: tenants with equal identities share a bucket.
///
/// Two host names of one S3-compatible store cannot be told from two stores; all names of AWS and of this machine can.
struct StoreIdentity: Sendable, Hashable {
    /// `aws`, where bucket names are unique, or the host and port of another store.
    let service: String
    let bucket: String

    var isAWS: Bool { service == Self.aws }
    private static let aws = "aws"

    /// - Parameter endpoint: The endpoint of the file, nil for AWS.
    init(bucket: String, endpoint: String?) {
        self.bucket = bucket
        service = endpoint.map(Self.service) ?? Self.aws
    }

    private static func service(of endpoint: String) -> String {
        let bytes = endpoint.lowercased()
        let rest = bytes.range(of: "://").map { bytes[$0.upperBound...] } ?? bytes[...]
        let name = rest.prefix { $0 != "/" }
        guard let authority = Authority(name) else { return String(name) }
        let host = authority.host
        if ["amazonaws.com", "amazonaws.com.cn"].contains(where: { host == $0 || host.hasSuffix("." + $0) }) { return aws }
        // One store may answer on both default ports, and under each name of this machine.
        let port = authority.port.flatMap { $0 == 443 || $0 == 80 ? nil : ":\($0)" } ?? ""
        return (authority.isLoopback ? "loopback" : host) + port
    }
}

extension String {
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
