// SPDX-License-Identifier: Apache-2.0

/// The key of an object, in a form that S3 stores as it was signed.
package struct ObjectKey: Sendable {
    /// The whole key: 1 to 1024 bytes of UTF-8 without controls and without `${`.
    package let text: String

    /// - Throws: `PolicyError.keyEmpty`, `.keyTooLong`, or `.fieldValueInvalid` if the key has controls or `${`.
    package init(_ text: String) throws(PolicyError) {
        guard !text.isEmpty else { throw .keyEmpty }
        guard text.utf8.count <= UploadPolicy.maximumKeyBytes else { throw .keyTooLong(bytes: text.utf8.count) }
        try FormField.checkValue(text, of: "key")
        self.text = text
    }
}
