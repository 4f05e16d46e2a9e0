// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A header's value that is not ASCII: S3 gives it back as an encoded word (RFC 2047 §2; S3, "Working with object metadata").
enum EncodedWord {
    static func text(_ value: String) -> String {
        value.utf8.allSatisfy { $0 < 0x80 } ? value : "=?UTF-8?B?\(value.utf8.base64)?="
    }
}
