// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The boundary that a `Content-Type: multipart/form-data` names: 1 to 70 bytes (RFC 2046 §5.1.1).
package struct MultipartBoundary: Sendable, Equatable {
    package let bytes: [UInt8]

    /// - Parameter contentType: the request's Content-Type. Nil when that is another type or has no usable boundary.
    package init?(contentType: String) {
        guard
            let field = ParameterizedField(parsing: Array(contentType.utf8)[...]),
            field.value == Array("multipart/form-data".utf8),
            let boundary = field.parameter("boundary"),
            (1...70).contains(boundary.count),
            boundary.allSatisfy(Self.allowed.contains),
            boundary.last != 0x20
        else { return nil }
        bytes = boundary
    }

    /// `bchars` of RFC 2046 §5.1.1, and the few more that token allows and some clients use.
    private static let allowed = ByteSet(ByteSet.lettersAndDigits + "'()+_,-./:=? *#$&!^~|%`")
}
