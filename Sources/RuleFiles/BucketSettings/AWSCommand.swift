// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// Commands of AWS's command line, for operators to paste.
package enum AWSCommand {
    /// Returns `aws s3api OPERATION --bucket NAME …` for a bucket, with its region or endpoint.
    ///
    /// What the command cannot say is a comment behind it, so nothing must be appended.
    /// - Parameter options: the rest of the command
    package static func s3api(_ operation: String, _ endpoint: StoreEndpoint, _ options: String = "") -> String {
        "aws s3api \(operation) --bucket \(endpoint.bucket)" + (options.isEmpty ? "" : " \(options)") + place(of: endpoint)
    }

    private static func place(of endpoint: StoreEndpoint) -> String {
        guard !endpoint.identity.isAWS else { return " --region \(endpoint.region)" }
        guard let url = endpoint.storeURL else {
            return " --endpoint-url https://STORE # write the host of the store for STORE: \(endpoint.host) is the bucket alone"
        }
        let command = " --endpoint-url \(url.shellWord)"
        // The command line refuses names with a colon ("Invalid bucket name"), and the store looks in the tenant of the user.
        guard let tenant = endpoint.identity.cephTenant else { return command }
        return command + " # with the keys of a user of Ceph's tenant \(tenant)"
    }
}

extension StoreEndpoint {
    /// The URL of the store without the bucket; nil if the store is not known, since the host is the bucket.
    var storeURL: String? {
        if url.hasSuffix("/\(fullBucket)/") { return String(url.dropLast(fullBucket.count + 2)) }
        guard host.hasPrefix("\(bucket)."), let scheme = url.firstRange(of: "://") else { return nil }
        return String(url[..<scheme.upperBound] + url[scheme.upperBound...].dropFirst(bucket.count + 1).dropLast())
    }
}
