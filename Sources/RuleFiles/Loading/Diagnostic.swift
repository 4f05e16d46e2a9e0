// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A problem or a warning about a rule file: where, what, and what to write instead.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    /// The file's path as it was opened.
    package let file: String
    /// From 1; 0 if it is about the whole file or folder.
    package let line: Int
    /// From 1, in Unicode scalars; 0 if it is about the whole file or folder.
    package let column: Int
    /// What is wrong.
    package let message: String
    /// What to write instead.
    package let advice: String
    /// The other file, for a problem between two files. It is reported once, in one of them.
    package var otherFile: String?

    package init(file: String, line: Int, column: Int, message: String, advice: String, otherFile: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.advice = advice
        self.otherFile = otherFile
    }

    init(file: String, at position: YAMLPosition, _ message: String, _ advice: String, with otherFile: String? = nil) {
        self.init(
            file: file, line: position.line, column: position.column, message: message, advice: advice, otherFile: otherFile)
    }

    /// `acme.yaml:12:7: maxSize has no unit “5X”; write 5MiB`.
    package var description: String {
        let text = line > 0 ? "\(file):\(line):\(column): \(message); \(advice)" : "\(file): \(message); \(advice)"
        // A file's name and values can have line ends and terminal controls.
        return text.printable()
    }
}

extension Diagnostic: Comparable {
    /// Orders by file, line, column and message.
    package static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        if left.file != right.file { return left.file.bytesPrecede(right.file) }
        return (left.line, left.column, left.message) < (right.line, right.column, right.message)
    }
}

/// Every problem of one load, sorted.
package struct RuleFilesError: Error, Sendable, CustomStringConvertible {
    package let problems: [Diagnostic]

    /// One line for each problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Collects the diagnostics of one file; the readers of the file log here and continue.
final class DiagnosticLog {
    let file: String
    private(set) var problems: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []
    /// For how many further problems a similar word is looked for: with tens of thousands of unknown keys in a file this took most
    /// of a minute.
    private var suggestionsLeft = 20

    init(file: String) {
        self.file = file
    }

    func problem(at position: YAMLPosition, _ message: String, _ advice: String) {
        problems.append(Diagnostic(file: file, at: position, message, advice))
    }

    func add(_ problem: Diagnostic) {
        problems.append(problem)
    }

    func problem(at position: YAMLPosition, _ error: ValueError) {
        let looks = suggestionsLeft > 0
        if looks, error.looksForSuggestion { suggestionsLeft -= 1 }
        problem(at: position, error.message, error.advice(suggesting: looks))
    }

    func warning(at position: YAMLPosition, _ message: String, _ advice: String) {
        warnings.append(Diagnostic(file: file, at: position, message, advice))
    }

    /// Logs a problem of the whole file.
    func problem(_ message: String, _ advice: String) {
        problems.append(Diagnostic(file: file, line: 0, column: 0, message: message, advice: advice))
    }
}
