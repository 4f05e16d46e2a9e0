// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// A provider of S3-compatible stores that is known by its host names.
enum StoreProvider: CaseIterable {
    /// Cloudflare R2.
    case r2
    /// Backblaze B2.
    case b2

    private var domain: String {
        switch self {
        case .r2: "r2.cloudflarestorage.com"
        case .b2: "backblazeb2.com"
        }
    }

    /// Whether its objects have ACLs.
    var hasACLs: Bool {
        switch self {
        case .r2, .b2: false
        }
    }

    /// - Parameter host: in lower case, also with a port
    init?(host: String) {
        let host = host.prefix { $0 != ":" }
        guard let found = Self.allCases.first(where: { host == $0.domain || host.hasSuffix(".\($0.domain)") }) else { return nil }
        self = found
    }
}

extension StoreEndpoint {
    /// The ACL that a `PUT` signs if its rule has no `acl`; nil for none.
    ///
    /// A `PUT` that signs no ACL lets the client send one, unless the store refuses what is not signed, as AWS does, or has no ACLs of
    /// objects.
    package var standardACL: String? {
        guard !identity.isAWS else { return nil }
        return StoreProvider(host: host)?.hasACLs ?? true ? "private" : nil
    }
}
