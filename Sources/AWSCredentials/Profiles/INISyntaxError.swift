// SPDX-License-Identifier: Apache-2.0

/// Why a file is no INI file. Holds line numbers and never a line's text, which may be a secret.
enum INISyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notUTF8
    /// The file begins with a byte order mark, so that its first line is no section.
    case byteOrderMark
    /// Something comes before the first section.
    case noSection(line: Int)
    /// A line is neither a section nor an option, or an option without a name.
    case notAnOption(line: Int)
    /// A section is written twice in one file.
    case repeatedSection(line: Int, first: Int)
    /// An option is written twice in one section.
    case repeatedOption(line: Int, first: Int)
    /// The lines of a value that begins on the line below its name are not all `name = value`.
    case notNested(line: Int)

    var description: String {
        switch self {
        case .notUTF8:
            "it is not UTF-8 text: save it as UTF-8"
        case .byteOrderMark:
            "line 1 begins with a byte order mark, which AWS's tools do not take: save the file as UTF-8 without one"
        case .noSection(let line):
            "line \(line) stands before any section: write [default] or the profile's section above it"
        case .notAnOption(let line):
            "line \(line) is neither a [section] nor name = value: correct it, or write # in front of it"
        case .repeatedSection(let line, let first):
            "line \(line) begins the section of line \(first) once more: keep one of the two, with the lines of both"
        case .repeatedOption(let line, let first):
            "line \(line) sets what line \(first) has set already: keep one of the two"
        case .notNested(let line):
            "the value of line \(line) begins on the line below it, so each of its indented lines has to be name = value: "
                + "correct them, or write the value on line \(line)"
        }
    }
}
