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

    /// What the form's fields begin with.
    static let prefix = "x-amz-meta-"
    /// S3's limit for the names and values of an object's metadata together, in bytes.
    static let limit = 2048
}
