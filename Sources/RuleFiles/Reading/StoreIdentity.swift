// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

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
        guard let url = try? HTTPURL(endpoint.lowercased()) else { return endpoint }
        if Partition.contains(host: url.host.text) { return aws }
        // One store may answer on both default ports, and under each name of this machine.
        let port = url.authority.port.flatMap { $0 == 443 || $0 == 80 ? nil : ":\($0)" } ?? ""
        return (url.isLoopback ? "loopback" : url.host.text) + port
    }
}
