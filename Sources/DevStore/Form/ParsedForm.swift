// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// A POST form up to its file, as it is in the body.
package struct ParsedForm: Sendable, Equatable {
    /// All fields before the file, in order, with their names as the client wrote them.
    package let fields: [FormField]
    /// The file's name as the client gave it.
    package let filename: String?

    package init(fields: [FormField], filename: String? = nil) {
        self.fields = fields
        self.filename = filename
    }
}
