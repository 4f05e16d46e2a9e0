// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The version of the service, as `--version`, `/metrics` and the OpenAPI documents report it.
package enum PosternVersion {
    package static let current = "0.1.0"

    /// When this version was made: 2026-11-26T00:00:00Z. A constant, so that builds can be reproduced; `scripts/lint` refuses a
    /// date that is in the future or more than 90 days before the last commit.
    static let date = Date(timeIntervalSince1970: 1_795_651_200)
}
