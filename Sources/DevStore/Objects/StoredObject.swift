// SPDX-License-Identifier: Apache-2.0

/// An object on disk.
package struct StoredObject: Sendable, Equatable {
    package let record: ObjectRecord
    /// The file that holds its bytes.
    package let path: String
}
