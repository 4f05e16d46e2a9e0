// SPDX-License-Identifier: Apache-2.0

/// What a key template may hold in braces.
package enum Placeholder: String, Sendable, Hashable, CaseIterable {
    /// The tenant's id; expanded when the file is read.
    case tenant
    /// The user, encoded so that no two users share it: ``UserSegment``.
    case user
    /// Given by the caller, never used twice.
    case uuid
    /// Follows the content type, not the file's name: ``FileExtension``.
    case ext
    /// The client's file name, reduced: ``SafeFilename``.
    case filename
    /// The day of the ticket in UTC.
    case yyyy
    case mm
    case dd
}
