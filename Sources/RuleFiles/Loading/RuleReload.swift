// SPDX-License-Identifier: Apache-2.0

/// What ``RuleFolder/makeBook(checkingTenant:checkingService:)`` brings into force.
package struct RuleReload: Sendable {
    package let book: RuleBook
    /// The settings of the service-wide file in force, without flags and variables.
    package let service: ServiceSettings
    /// Whether they are those of another content of the file than before.
    package let isServiceChanged: Bool
    /// The ids of the tenants that are new, sorted.
    package let added: [String]
    /// The ids of the tenants whose ``TenantFile`` is another one than before, sorted.
    package let changed: [String]
    /// The ids of the tenants that are gone, sorted.
    package let removed: [String]
    /// Every file whose content is not in force, sorted.
    package let heldBack: [HeldBack]
    /// The warnings of files that came into force, sorted.
    package let warnings: [Diagnostic]

    /// Whether something in force is not as it was.
    package var isChanged: Bool { isServiceChanged || !added.isEmpty || !changed.isEmpty || !removed.isEmpty }
}

/// A file whose content is not in force.
package struct HeldBack: Sendable, Hashable {
    /// The path of the file, as it was opened.
    package let file: String
    /// Nil for the service-wide file.
    package let tenant: String?
    /// Whether an earlier content is in force.
    package let isServed: Bool
    /// Why, in the words of `check`; sorted, never empty. A conflict with another file may be a problem of that file.
    package let problems: [Diagnostic]
}
