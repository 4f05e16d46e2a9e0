// SPDX-License-Identifier: Apache-2.0

/// A piece of a file's text. The reader counts and compares code points, as Python's `configparser` does: Swift's characters
/// would hide a line feed inside "\r\n".
typealias Scalars = ArraySlice<Unicode.Scalar>

extension Unicode.Scalar {
    /// White space as Python's `str.strip` and `\s` of its regular expressions have it.
    var isSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Where Python's `str.splitlines` splits.
    var isLineBoundary: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}

extension Scalars {
    /// Without the white space on the left and on the right.
    var stripped: Scalars {
        drop(while: \.isSpace).strippedRight
    }

    /// Without the white space on the right.
    var strippedRight: Scalars {
        var end = endIndex
        while end > startIndex, self[end - 1].isSpace { end -= 1 }
        return self[startIndex..<end]
    }

    var text: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self)
        return String(view)
    }
}
