// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What a request's path names, path style: `/<bucket>/<key>`.
enum StoreTarget: Sendable, Equatable {
    case service
    case bucket(String)
    case object(bucket: String, key: String)

    /// - Parameter path: the request's target as it came. Nil when it is no path or its escapes are broken.
    ///
    /// The path is cut before it is decoded, and nothing is resolved: `%2F` and `..` in a key are the key's own.
    init?(path: String) {
        let path = path.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard path.first == UInt8(ascii: "/") else { return nil }
        let parts = path.dropFirst().split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = parts.first.flatMap(PercentEncoding.component.decodeUTF8) else { return nil }
        guard let key = PercentEncoding.component.decodeUTF8(parts.dropFirst().first ?? "".utf8[...]) else { return nil }
        if bucket.isEmpty {
            guard key.isEmpty else { return nil }
            self = .service
        } else {
            self = key.isEmpty ? .bucket(bucket) : .object(bucket: bucket, key: key)
        }
    }
}
