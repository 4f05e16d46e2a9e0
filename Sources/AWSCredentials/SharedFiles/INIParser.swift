// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Parses INI text like Python 3.11's `RawConfigParser()`, which botocore uses to read AWS's files.
///
/// Comments are whole lines that begin with `#` or `;`. A line that is indented deeper than its option continues the option's
/// value, and empty lines in between belong to it. `=` and `:` both end a name. Option names are lower-cased, but without
/// Python's special rule for a Greek sigma at the end of a word. Options of the section `[DEFAULT]` belong to every section
/// that does not set them.
struct INIParser {
    /// The maximum number of options that `[DEFAULT]` may add to all sections together.
    private static let maximumDefaults = 100_000

    /// All sections; the first one is `[DEFAULT]`, whether or not the file contains it.
    private var sections = [INISection(name: "DEFAULT", line: 0)]
    private var indices: [ExactString: Int] = ["DEFAULT": 0]
    /// The section being read, an index of `sections`.
    private var current: Int?
    /// Whether the last line that is not a comment belongs to an option, so that deeper lines continue its value.
    private var isInOption = false
    private var indentation = 0
    private var firstInvalidLine: Int?

    /// Returns the file's sections in order, each with the options of `[DEFAULT]` that it does not set itself.
    static func parse(_ bytes: [UInt8]) throws(INISyntaxError) -> [INISection] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        var parser = INIParser()
        for (index, line) in lines(of: text).enumerated() {
            try parser.read(line, number: index + 1)
        }
        if let line = parser.firstInvalidLine { throw .notAnOption(line: line) }
        let defaults = parser.sections[0].options
        guard defaults.count * (parser.sections.count - 1) <= maximumDefaults else {
            throw .tooManyDefaults(most: maximumDefaults)
        }
        return parser.sections.dropFirst().map { section in
            var whole = section
            for option in defaults where section[option.name] == nil { whole.append(option) }
            return whole
        }
    }

    /// Python ends a line of a text file at "\n", "\r\n" and "\r".
    private static func lines(of text: String) -> [Scalars] {
        var scalars: [Unicode.Scalar] = []
        var followsReturn = false
        for scalar in text.unicodeScalars {
            if scalar != "\n" || !followsReturn { scalars.append(scalar == "\r" ? "\n" : scalar) }
            followsReturn = scalar == "\r"
        }
        return scalars.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private mutating func read(_ line: Scalars, number: Int) throws(INISyntaxError) {
        let content = line.stripped
        guard let first = content.first else {
            // An empty line within a value belongs to it; a comment does not.
            if isInOption { continueOption(with: []) }
            return
        }
        if first == "#" || first == ";" { return }
        let indentation = content.startIndex - line.startIndex
        if isInOption, indentation > self.indentation {
            continueOption(with: content)
            return
        }
        self.indentation = indentation
        if let name = header(content) {
            try begin(section: name, line: number)
        } else if let current {
            try begin(option: content, line: number, in: current)
        } else {
            throw number == 1 && first == "\u{FEFF}" ? .byteOrderMark : .noSection(line: number)
        }
    }

    /// Returns the text between the first `[` and the last `]`, if there is any. Text after that is ignored.
    private func header(_ content: Scalars) -> ExactString? {
        guard content.first == "[", let end = content.lastIndex(of: "]"), end > content.startIndex + 1 else { return nil }
        return ExactString(content[(content.startIndex + 1)..<end].text)
    }

    private mutating func begin(section name: ExactString, line: Int) throws(INISyntaxError) {
        isInOption = false
        if let index = indices[name] {
            // Only `[DEFAULT]` may appear twice.
            if index != 0 { throw .repeatedSection(line: line, first: sections[index].line) }
            current = index
        } else {
            indices[name] = sections.count
            current = sections.count
            sections.append(INISection(name: name, line: line))
        }
    }

    private mutating func begin(option content: Scalars, line: Int, in section: Int) throws(INISyntaxError) {
        guard let delimiter = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
            // Python's parser continues, with the previous option still open.
            firstInvalidLine = firstInvalidLine ?? line
            return
        }
        let name = ExactString(content[..<delimiter].strippedRight.text.lowercased())
        if name.text.isEmpty { firstInvalidLine = firstInvalidLine ?? line }
        if let earlier = sections[section][name] { throw .repeatedOption(line: line, first: earlier.line) }
        isInOption = !name.text.isEmpty
        sections[section].append(INIOption(name: name, line: line, lines: [content[(delimiter + 1)...].stripped]))
    }

    private mutating func continueOption(with line: Scalars) {
        if let current { sections[current].continueLast(with: line) }
    }
}

/// A section as it is being read.
struct INISection {
    let name: ExactString
    /// The line of its header, counted from 1.
    let line: Int
    private(set) var options: [INIOption] = []
    private var indices: [ExactString: Int] = [:]

    init(name: ExactString, line: Int) {
        self.name = name
        self.line = line
    }

    /// The option of that name.
    subscript(name: ExactString) -> INIOption? {
        indices[name].map { options[$0] }
    }

    mutating func append(_ option: INIOption) {
        indices[option.name] = options.count
        options.append(option)
    }

    /// Adds a line to the value of the last option.
    mutating func continueLast(with line: Scalars) {
        guard !options.isEmpty else { return }
        options[options.count - 1].lines.append(line)
    }
}

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

/// Why a file is not a valid INI file. Has line numbers and never a line's text, which may be a secret.
enum INISyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notUTF8
    /// The file begins with a byte order mark, so its first line is not a section.
    case byteOrderMark
    /// A line is before the first section.
    case noSection(line: Int)
    /// A line is neither a section nor an option, or is an option without a name.
    case notAnOption(line: Int)
    /// A section appears twice in one file.
    case repeatedSection(line: Int, first: Int)
    /// An option appears twice in one section.
    case repeatedOption(line: Int, first: Int)
    /// The lines of a value that begins on the line below its name are not all `name = value`.
    case notNested(line: Int)
    /// `[DEFAULT]` has too many options for the number of sections.
    case tooManyDefaults(most: Int)

    var description: String {
        switch self {
        case .notUTF8:
            "it is not UTF-8 text: save it as UTF-8"
        case .byteOrderMark:
            "line 1 begins with a byte order mark, which AWS's tools do not accept: save the file as UTF-8 without one"
        case .noSection(let line):
            "line \(line) is before the first section: write [default] or the profile's section above it"
        case .notAnOption(let line):
            "line \(line) is neither a [section] nor name = value: correct it, or write # in front of it"
        case .repeatedSection(let line, let first):
            "line \(line) begins the section of line \(first) again: keep one of the two, with the lines of both"
        case .repeatedOption(let line, let first):
            "line \(line) sets the option of line \(first) again: keep one of the two"
        case .notNested(let line):
            "the value of line \(line) begins on the line below it, so each of its indented lines has to be name = value: "
                + "correct them, or write the value on line \(line)"
        case .tooManyDefaults(let most):
            "the options of [DEFAULT], times the number of sections, are over \(most): move them to the sections that use them"
        }
    }
}

/// Part of a file's text. The reader counts and compares code points, as Python's `configparser` does: Swift's characters would
/// hide a line feed inside "\r\n".
typealias Scalars = ArraySlice<Unicode.Scalar>

extension Scalars {
    /// Without leading and trailing white space.
    var stripped: Scalars {
        drop(while: \.isSpace).strippedRight
    }

    /// Without trailing white space.
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

extension Unicode.Scalar {
    /// White space of Python's `str.strip`, and of `\s` in its regular expressions.
    var isSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Whether Python's `str.splitlines` splits here.
    var isLineBoundary: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
