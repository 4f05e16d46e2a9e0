// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// The `x-amz-meta-*` fields of a rule.
package struct MetadataRule: Sendable, Hashable {
    /// Set on every upload; names are complete (`x-amz-meta-…`), in the order of the file.
    package let fixed: [FormField]
    /// The names (without `x-amz-meta-`, lower case) a request may set, in the order of the file.
    package let allowed: [String]

    /// Neither fixed nor allowed metadata.
    package static let none = MetadataRule(fixed: [], allowed: [])
}
