// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The session token of IMDSv2. Printing shows nothing of it.
struct InstanceMetadataToken: CustomStringConvertible, CustomReflectable {
    let value: String
    let endpoint: InstanceMetadataEndpoint
    /// When to ask for another.
    let end: Date

    /// The longest life that the service grants, in seconds.
    static let lifetime = 21_600
    /// How long before its end a token is let go, in seconds: a request under way must not outlive it.
    static let margin = 300

    var description: String { "InstanceMetadataToken" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
