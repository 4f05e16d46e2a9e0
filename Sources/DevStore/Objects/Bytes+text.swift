// SPDX-License-Identifier: Apache-2.0

import PostPolicy

extension Sequence<UInt8> {
    /// Lower-case hexadecimal.
    var hexadecimal: String {
        let bytes = Array(self)
        return Hexadecimal.encode(bytes.span)
    }

    /// RFC 4648 §4, padded.
    var base64: String {
        let bytes = Array(self)
        return Base64.encode(bytes.span)
    }
}
