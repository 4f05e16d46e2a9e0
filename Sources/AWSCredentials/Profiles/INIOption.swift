// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An option of a section as it is being read.
struct INIOption {
    let name: ExactString
    /// The line of its name, counted from 1.
    let line: Int
    /// The value's lines, each without the white space around it.
    var lines: [Scalars]

    /// The whole value.
    var value: Scalars {
        Scalars(lines.joined(separator: ["\n" as Unicode.Scalar])).strippedRight
    }
}
