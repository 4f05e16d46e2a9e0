// SPDX-License-Identifier: Apache-2.0

/// Where a bucket's name stands in a URL. The raw values are the words of a rule file.
public enum Addressing: String, Sendable, Hashable, CaseIterable {
    /// In front of the host: `https://bucket.s3.eu-west-1.amazonaws.com/`.
    case virtualHost = "virtual"
    /// As the first segment of the path: `https://s3.eu-west-1.amazonaws.com/bucket/`.
    case path
}
