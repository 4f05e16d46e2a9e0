// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

extension UploadRule {
    /// Judges a request by this rule.
    ///
    /// - Parameters:
    ///   - request: What the client asks for.
    ///   - uploader: Who asks.
    ///   - uuid: What `{uuid}` becomes: `[0-9A-Za-z-]`, chosen by the caller and never used twice.
    ///   - date: What `{yyyy}`, `{mm}` and `{dd}` become, in UTC.
    /// - Throws: The first reason to refuse, in the order scope, content type, size, checksum, metadata, key.
    package func admit(
        _ request: UploadRequest,
        uploader: Uploader,
        uuid: String,
        at date: Date
    ) throws(Refusal) -> Admission {
        throw .userRequired
    }
}
