// SPDX-License-Identifier: Apache-2.0

/// The place of a claim in a token: the name of a member of the claims, or the names of members in objects inside each other.
///
/// A name is literal: `https://acme.example/tenant` and `a.b` are names of one member.
package struct ClaimPath: Sendable, Hashable {
    /// The name of the member of the claims.
    package let first: String
    /// The names inside that member's object, from the outside to the inside.
    package let rest: [String]

    /// The largest number of names: deeper claims are refused with the token.
    package static let maximumLength = TokenHeader.maximumDepth

    package init(_ first: String, _ rest: [String] = []) {
        self.first = first
        self.rest = rest
    }

    /// All names, from the outside to the inside.
    package var names: [String] { [first] + rest }

    /// As rule files have it: `sub`, or `[app_metadata, user_id]`.
    package var description: String {
        rest.isEmpty ? first : "[\(names.joined(separator: ", "))]"
    }
}
