// SPDX-License-Identifier: Apache-2.0

extension PosternClient {
    /// What a rule allows, for the choice of files and for checks before an upload.
    public struct Rule: Sendable, Hashable, Decodable {
        /// What ``PosternClient/PosternClient/upload(file:rule:options:)`` takes as the rule.
        public let name: String
        /// Media types, or `image/*` and the like.
        public let contentTypes: [String]
        /// The media types and the endings of their files, such as `.heic`; `*/*` alone if every type is allowed.
        public let accept: [String]
        /// The smallest file that the rule allows, in bytes.
        public let minSize: Int64
        /// The largest file that the rule allows, in bytes.
        public let maxSize: Int64
        /// How long a ticket is valid, in seconds.
        public let expiresIn: Int
        /// `required` or `optional`. The client sends a checksum where the rule wants one.
        public let checksum: String
        /// The algorithms of checksums that the rule allows, such as `sha256`.
        public let checksumAlgorithms: [String]
        /// Names that metadata may have.
        public let metadata: [String]
        /// Whether the file's name is used.
        public let usesFilename: Bool
        /// Whether the file's path is used.
        public let usesPath: Bool
        /// The names that parameters must have, and the kind of each: `digits`, `uuid` or `name`.
        public let parameters: [String: String]
    }
}

/// The response of `GET /v1/rules`.
struct RuleList: Decodable {
    let rules: [PosternClient.Rule]
}
