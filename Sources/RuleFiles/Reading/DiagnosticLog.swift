// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Collects what is wrong with one file; every reader of the file writes here and continues.
final class DiagnosticLog {
    let file: String
    private(set) var problems: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []
    /// For so many further problems a word that may be meant is looked for. A file can have tens of thousands of unknown keys, and
    /// looking took most of a minute.
    private var suggestionsLeft = 20

    init(file: String) {
        self.file = file
    }

    func problem(at position: YAMLPosition, _ message: String, _ advice: String) {
        problems.append(entry(position, message, advice))
    }

    func problem(at position: YAMLPosition, _ error: ValueError) {
        let looks = suggestionsLeft > 0
        if looks, error.looksForSuggestion { suggestionsLeft -= 1 }
        problem(at: position, error.message, error.advice(suggesting: looks))
    }

    func warning(at position: YAMLPosition, _ message: String, _ advice: String) {
        warnings.append(entry(position, message, advice))
    }

    /// Of the whole file or folder, or of another file of the folder.
    func problem(_ message: String, _ advice: String, file: String? = nil) {
        problems.append(Diagnostic(file: file ?? self.file, line: 0, column: 0, message: message, advice: advice))
    }

    private func entry(_ position: YAMLPosition, _ message: String, _ advice: String) -> Diagnostic {
        Diagnostic(file: file, line: position.line, column: position.column, message: message, advice: advice)
    }
}
