// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Reads INI text as `RawConfigParser()` of Python 3.11 does, which is what botocore reads AWS's files with.
///
/// Comments are whole lines that begin with `#` or `;`. A line that is indented deeper than its option goes on with the
/// option's value, and empty lines in between belong to it. `=` and `:` both end a name. Names of options are lower-cased.
/// Options of the section `[DEFAULT]` belong to every section that does not set them.
struct INIParser {
    /// All sections; the first one is `[DEFAULT]`, whether it is written or not.
    private var sections = [INISection(name: "DEFAULT", line: 0)]
    private var places: [ExactString: Int] = ["DEFAULT": 0]
    /// The section being read, an index of `sections`.
    private var current: Int?
    /// Whether the last line that was no comment belongs to an option, so that deeper lines go on with it.
    private var isInOption = false
    private var indentation = 0
    private var firstBogusLine: Int?

    /// The file's sections in their order, each with the options of `[DEFAULT]` that it does not set itself.
    static func parse(_ bytes: [UInt8]) throws(INISyntaxError) -> [INISection] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        var parser = INIParser()
        for (index, line) in lines(of: text).enumerated() {
            try parser.read(line, number: index + 1)
        }
        if let line = parser.firstBogusLine { throw .notAnOption(line: line) }
        return parser.sections.dropFirst().map { section in
            var whole = section
            for option in parser.sections[0].options where section[option.name] == nil { whole.append(option) }
            return whole
        }
    }

    /// Python's text files end a line at "\n", "\r\n" and "\r".
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

    /// The text between the first `[` and the last `]`, if there is any: text behind it is not looked at.
    private func header(_ content: Scalars) -> ExactString? {
        guard content.first == "[", let end = content.lastIndex(of: "]"), end > content.startIndex + 1 else { return nil }
        return ExactString(content[(content.startIndex + 1)..<end].text)
    }

    private mutating func begin(section name: ExactString, line: Int) throws(INISyntaxError) {
        isInOption = false
        if let place = places[name] {
            // `[DEFAULT]` is the one section that may be written twice.
            if place != 0 { throw .repeatedSection(line: line, first: sections[place].line) }
            current = place
        } else {
            places[name] = sections.count
            current = sections.count
            sections.append(INISection(name: name, line: line))
        }
    }

    private mutating func begin(option content: Scalars, line: Int, in section: Int) throws(INISyntaxError) {
        guard let delimiter = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
            // Python's parser reads on, with the option before still open.
            firstBogusLine = firstBogusLine ?? line
            return
        }
        let name = ExactString(content[..<delimiter].strippedRight.lowercased)
        if name.text.isEmpty { firstBogusLine = firstBogusLine ?? line }
        if let earlier = sections[section][name] { throw .repeatedOption(line: line, first: earlier.line) }
        isInOption = !name.text.isEmpty
        sections[section].append(INIOption(name: name, line: line, lines: [content[(delimiter + 1)...].stripped]))
    }

    private mutating func continueOption(with line: Scalars) {
        if let current { sections[current].continueLast(with: line) }
    }
}
