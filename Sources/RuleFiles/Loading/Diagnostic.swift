// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One thing that is wrong in a rule file: where, what, and what to write instead.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    /// The file's path as it was opened.
    package let file: String
    /// From 1; 0 where the problem is of the whole file or folder.
    package let line: Int
    /// From 1, in Unicode scalars; 0 where the problem is of the whole file or folder.
    package let column: Int
    /// What is wrong.
    package let message: String
    /// What to write instead.
    package let advice: String

    /// `acme.yaml:12:7: maxSize has no unit “5X”; write 5MiB`.
    package var description: String {
        let text = line > 0 ? "\(file):\(line):\(column): \(message); \(advice)" : "\(file): \(message); \(advice)"
        // A file's name and its values may hold line ends and terminal controls: a problem stays one plain line.
        return text.printable()
    }
}
