// SPDX-License-Identifier: Apache-2.0

import CYaml
import WireFormats

/// Limits for rule files.
enum YAMLLimits {
    /// 256 KiB a file.
    static let bytes = 256 * 1024
    /// 16 levels of lists and mappings. ``YAMLReader`` calls itself for each, and threads have stacks of 512 KiB.
    static let depth = 16
}

/// Reads one strict YAML file in one pass over libyaml's events.
///
/// libyaml resolves no alias and builds no tree, and features that are not supported are reported at once: time and memory are
/// proportional to the size of the file.
struct YAMLReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Whether every character is one byte.
    private let isPlain: Bool
    /// libyaml keeps pointers into it.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var findings: [YAMLDiagnostic]
    private var event = yaml_event_t()
    /// False after a key with “?”, an anchor or a tag in front of it: the extent of its value, and the cause of further errors, would
    /// be guesses.
    private var isUsable = true
    /// The index of a character and its offset in ``bytes``, where the search for the next one starts.
    private var reached = (character: 0, offset: 0)

    /// - Returns: The document's root, or nil where nothing of the file can be checked; and everything that is wrong with
    ///   the YAML itself.
    static func read(_ bytes: [UInt8]) -> (root: YAMLNode?, findings: [YAMLDiagnostic]) {
        let file = YAMLCharacters(bytes)
        guard let bytes = file.bytes else { return (nil, file.findings) }
        var parser = yaml_parser_t()
        return withUnsafeMutablePointer(to: &parser) { parser in
            bytes.withUnsafeBufferPointer { bytes in
                var reader = YAMLReader(bytes: bytes, isPlain: file.isPlain, parser: parser, findings: file.findings)
                defer {
                    yaml_event_delete(&reader.event)
                    yaml_parser_delete(parser)
                }
                do throws(YAMLDiagnostic) {
                    let root = try reader.readFile()
                    return (reader.isUsable ? root : nil, reader.findings)
                } catch {
                    return (nil, reader.isUsable ? reader.findings + [error] : reader.findings)
                }
            }
        }
    }

    /// Logs what is wrong with the YAML.
    /// - Returns: the document's root; nil if nothing of the file can be checked
    static func read(_ bytes: [UInt8], log: DiagnosticLog) -> YAMLNode? {
        let (root, findings) = read(bytes)
        for finding in findings {
            log.problem(at: finding.position, finding.message, finding.advice)
        }
        return root
    }

    // MARK: Events

    private mutating func readFile() throws(YAMLDiagnostic) -> YAMLNode {
        let nothing = YAMLNode(content: .mapping([]), position: .start)
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return nothing }
        guard yaml_parser_initialize(parser) == 1 else { throw Self.unreadable }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, start, bytes.count)
        try next()
        // The stream has begun.
        try next()
        guard event.type == YAML_DOCUMENT_START_EVENT else { return nothing }
        let directives = event.data.document_start
        if directives.version_directive != nil || directives.tag_directives.start != nil {
            refuse(UInt8(ascii: "%"), at: YAMLPosition(event.start_mark))
        }
        try next()
        let root = try readNode(depth: 1)
        try next()
        let isEnded = event.data.document_end.implicit == 0
        var second: YAMLPosition?
        do throws(YAMLDiagnostic) {
            try next()
            if event.type == YAML_DOCUMENT_START_EVENT { second = YAMLPosition(event.start_mark) }
        } catch {
            // What follows “...” is another document. The first is still worth checking.
            guard isEnded else { throw error }
            second = error.position
        }
        if let second {
            findings.append(
                YAMLDiagnostic(second, "a second document begins here", "remove it: a file has one document, for one tenant")
            )
        }
        return root
    }

    private mutating func next() throws(YAMLDiagnostic) {
        yaml_event_delete(&event)
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    }

    /// Reads the node that begins with the current event, up to its last event.
    private mutating func readNode(depth: Int) throws(YAMLDiagnostic) -> YAMLNode {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let position = refuseProperties(scalar.anchor, scalar.tag)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return YAMLNode(content: .text(text), position: position, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            let position = refuseProperties(event.data.sequence_start.anchor, event.data.sequence_start.tag)
            guard depth <= YAMLLimits.depth else { throw Self.tooDeep(position) }
            var items: [YAMLNode] = []
            try next()
            while event.type != YAML_SEQUENCE_END_EVENT {
                items.append(try readNode(depth: depth + 1))
                try next()
            }
            return YAMLNode(content: .list(items), position: position)
        case YAML_MAPPING_START_EVENT:
            // Before what follows it: places are found from front to back.
            let first = byte(at: event.start_mark)
            let position = refuseProperties(event.data.mapping_start.anchor, event.data.mapping_start.tag)
            guard depth <= YAMLLimits.depth else { throw Self.tooDeep(position) }
            return YAMLNode(content: .mapping(try readEntries(first: first, depth: depth)), position: position)
        default:
            // An alias: no other event begins a node.
            refuse(UInt8(ascii: "*"), at: YAMLPosition(event.start_mark))
            return YAMLNode(content: .reported, position: YAMLPosition(event.start_mark))
        }
    }

    /// Reads a mapping from its first event to its last.
    /// - Parameter first: The byte with which it begins.
    private mutating func readEntries(first: UInt8, depth: Int) throws(YAMLDiagnostic) -> [YAMLEntry] {
        var mapping = Mapping()
        // A mapping that is an item of a list in brackets may begin with the “?” itself.
        var end = first == UInt8(ascii: "?") ? event.start_mark : event.end_mark
        try next()
        while event.type != YAML_MAPPING_END_EVENT {
            let count = findings.count
            _ = refuseIndicators(from: end, to: event.start_mark, beforeKey: true)
            let key = try readNode(depth: depth + 1)
            if case .reported = key.content {} else if findings.count > count { isUsable = false }
            try next()
            let value = try readNode(depth: depth + 1)
            end = event.end_mark
            try next()
            switch key.content {
            case .reported:
                continue
            case .list, .mapping:
                guard isUsable else { continue }
                findings.append(YAMLDiagnostic(key.position, "a key must be a word", "write the key as plain text"))
            case .text(let name):
                guard let line = mapping.append(YAMLEntry(key: name, keyPosition: key.position, value: value)) else { continue }
                let message = "\(name.quoted) appears more than once here, first in line \(line)"
                findings.append(YAMLDiagnostic(key.position, message, "keep one of them"))
            }
        }
        return mapping.entries
    }

    /// The entries of a mapping, each key once.
    private struct Mapping {
        private(set) var entries: [YAMLEntry] = []
        /// The lines of the keys; empty while the entries are few enough to look through.
        private var lines: [ExactString: Int] = [:]

        /// Appends an entry whose key is new. Keys are equal where their bytes are.
        ///
        /// - Returns: The line of the first entry with this key, where there is one.
        mutating func append(_ entry: YAMLEntry) -> Int? {
            if entries.count < 16 {
                let first = entries.first { $0.key.hasSameBytes(as: entry.key) }
                if let first { return first.keyPosition.line }
            } else {
                if lines.isEmpty { for entry in entries { lines[ExactString(entry.key)] = entry.keyPosition.line } }
                let key = ExactString(entry.key)
                if let line = lines[key] { return line }
                lines[key] = entry.keyPosition.line
            }
            entries.append(entry)
            return nil
        }
    }

    // MARK: What is refused

    private mutating func refuse(_ indicator: UInt8, at position: YAMLPosition) {
        if let finding = YAMLDiagnostic.refused(indicator, at: position) { findings.append(finding) }
    }

    /// Refuses the anchor and the tag of the current event.
    ///
    /// - Returns: Where the node itself begins, behind them.
    private mutating func refuseProperties(_ anchor: UnsafePointer<UInt8>?, _ tag: UnsafePointer<UInt8>?) -> YAMLPosition {
        if anchor == nil, tag == nil { return YAMLPosition(event.start_mark) }
        return refuseIndicators(from: event.start_mark, to: event.end_mark, beforeKey: false)
    }

    /// Refuses what has no place in an event: “?” before a key, or anchors and tags before a node.
    ///
    /// - Parameters:
    ///   - start: Where a token begins or ends.
    ///   - end: Where to stop.
    ///   - beforeKey: Which of the two to look for.
    /// - Returns: The place of the first token of another kind, or the end.
    private mutating func refuseIndicators(
        from start: yaml_mark_t, to end: yaml_mark_t, beforeKey: Bool
    ) -> YAMLPosition {
        let first = offset(of: start)
        var (line, column) = (start.line + 1, start.column + 1)
        var isComment = false
        var isProperty = false
        for byte in bytes[first..<max(first, offset(of: end))] {
            switch byte {
            case UInt8(ascii: "\n"):
                (line, column, isComment, isProperty) = (line + 1, 0, false, false)
            case UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "\r"):
                isProperty = false
            case _ where isComment || isProperty:
                break
            case UInt8(ascii: "#"):
                isComment = true
            case UInt8(ascii: "?") where beforeKey, UInt8(ascii: "&") where !beforeKey, UInt8(ascii: "!") where !beforeKey:
                refuse(byte, at: YAMLPosition(line: line, column: column))
                isProperty = !beforeKey
                if beforeKey { isUsable = false }
            default:
                return YAMLPosition(line: line, column: column)
            }
            if byte & 0xC0 != 0x80 { column += 1 }
        }
        return YAMLPosition(line: line, column: column)
    }

    // MARK: Errors

    private static let unreadable = YAMLDiagnostic(
        .start, "the file cannot be read as YAML", "check its indentation, quotes and brackets"
    )

    private static func tooDeep(_ position: YAMLPosition) -> YAMLDiagnostic {
        let message = "there are more than \(YAMLLimits.depth) levels of nesting"
        return YAMLDiagnostic(position, message, "no rule file needs so many: check the brackets")
    }

    /// What libyaml stopped at.
    private mutating func syntaxError() -> YAMLDiagnostic {
        let error = parser.pointee
        guard let problem = error.problem.map({ String(cString: $0) }) else { return Self.unreadable }
        let place = YAMLPosition(error.problem_mark)
        let start = error.context == nil ? error.problem_mark : error.context_mark
        if problem.hasPrefix("Maximum nesting level reached") { return Self.tooDeep(YAMLPosition(start)) }
        if let refusal = refusal(at: start, problem), !findings.contains(refusal) { return refusal }
        let last = error.problem_mark.column > 0 ? byte(at: error.problem_mark, ahead: -1) : 0
        if last == UInt8(ascii: "}") || last == UInt8(ascii: "]") {
            // `keyName: {uuid}.{ext}` without quotes.
            return YAMLDiagnostic(
                place, "there is text after a closing bracket", "put the whole value in quotes: \"{user}/\""
            )
        }
        return .syntax(problem, at: place, character: byte(at: error.problem_mark), start: YAMLPosition(start))
    }

    /// What is refused where libyaml could not read on: to it `*.png` is an alias, and a wrong one.
    private mutating func refusal(at mark: yaml_mark_t, _ problem: String) -> YAMLDiagnostic? {
        if problem == "did not find expected <document start>" {
            // Above there may be a directive without the “---” that has to follow it.
            let lines = bytes[..<offset(of: mark)].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            if let line = lines.lastIndex(where: { $0.first == UInt8(ascii: "%") }) {
                return .refused(UInt8(ascii: "%"), at: YAMLPosition(line: line + 1, column: 1))
            }
        }
        let (indicator, next) = (byte(at: mark), byte(at: mark, ahead: 1))
        // Text may begin with “?”, and hold “%”.
        if indicator == UInt8(ascii: "?"), next > UInt8(ascii: " ") { return nil }
        if indicator == UInt8(ascii: "%"), mark.column > 0 { return nil }
        return .refused(indicator, at: YAMLPosition(mark))
    }

    // MARK: Bytes

    /// The byte at a mark, or so many bytes ahead; 0 outside of the file, which holds no such byte.
    private mutating func byte(at mark: yaml_mark_t, ahead: Int = 0) -> UInt8 {
        let place = offset(of: mark) + ahead
        return bytes.indices.contains(place) ? bytes[place] : 0
    }

    private mutating func offset(of mark: yaml_mark_t) -> Int {
        if isPlain { return min(mark.index, bytes.count) }
        if mark.index < reached.character { reached = (0, 0) }
        while reached.character < mark.index, reached.offset < bytes.count {
            repeat { reached.offset += 1 } while reached.offset < bytes.count && bytes[reached.offset] & 0xC0 == 0x80
            reached.character += 1
        }
        return reached.offset
    }
}

extension YAMLPosition {
    /// libyaml counts from 0.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}

/// Checks a file's size, encoding and characters before libyaml reads it.
///
/// libyaml takes NEL, LS and PS for line ends, a lone CR too; with those refused, a line ends at LF and nowhere else,
/// for people and for libyaml alike. libyaml's own check of characters refuses nothing that passes here.
struct YAMLCharacters {
    /// The file, with a space for every tab so that it can be read; nil if it cannot.
    private(set) var bytes: [UInt8]?
    private(set) var findings: [YAMLDiagnostic] = []
    /// Whether the file has only LF and the printable characters of ASCII.
    private(set) var isPlain = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count <= YAMLLimits.bytes else {
            refuse(.start, "the file is larger than 256 KiB", "shorten it, or split the tenant into several")
            return
        }
        isPlain = bytes.allSatisfy { (0x20..<0x7F).contains($0) || $0 == UInt8(ascii: "\n") }
        if !isPlain { inspect(bytes) }
    }

    private mutating func refuse(_ position: YAMLPosition, _ message: String, _ advice: String) {
        findings = [YAMLDiagnostic(position, message, advice)]
        bytes = nil
    }

    private mutating func inspect(_ bytes: [UInt8]) {
        var tabs: [YAMLPosition] = []
        var tabIndents = false
        var (line, column, offset) = (1, 1, 0)
        var isIndentation = true
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let position = YAMLPosition(line: line, column: column)
            if scalar == "\u{FFFD}", !bytes[offset...].starts(with: [0xEF, 0xBF, 0xBD]) {
                return refuse(position, "the file is not UTF-8 from here on", "save the file as UTF-8")
            }
            offset += UTF8.width(scalar)
            switch scalar {
            case "\n":
                (line, column, isIndentation) = (line + 1, 0, true)
            case "\t":
                if tabs.last?.line != line { tabs.append(position) }
                if isIndentation { tabIndents = true }
            case " ",
                "\r" where bytes[offset...].first == UInt8(ascii: "\n"):
                break
            default:
                isIndentation = false
                if self.bytes != nil, let (message, advice) = Self.refusal(of: scalar, at: position) {
                    refuse(position, message, advice)
                }
            }
            column += 1
        }
        guard self.bytes != nil, let first = tabs.first else { return }
        let more = tabs.count > 1 ? " (and \(tabs.count - 1) more lines have one)" : ""
        refuse(first, "there is a tab\(more)", "use spaces, or \\t inside double quotes")
        if !tabIndents { self.bytes = bytes.map { $0 == UInt8(ascii: "\t") ? UInt8(ascii: " ") : $0 } }
    }

    private static func refusal(of scalar: Unicode.Scalar, at position: YAMLPosition) -> (message: String, advice: String)? {
        switch scalar.value {
        case 0..<0x20, 0x7F:
            let hex = String(scalar.value, radix: 16, uppercase: true)
            return ("there is a control character (0x\(hex.utf8.count < 2 ? "0" : "")\(hex))", "remove it")
        case 0x80..<0xA0, 0x2028, 0x2029:
            return ("there is a control or line-separator character", "remove it, or begin a new line")
        case 0xFEFF where position == .start:
            return ("the file begins with a byte order mark", "save the file as UTF-8 without a BOM")
        case 0xFEFF, 0xFFFE, 0xFFFF:
            return ("there is a character that is not text", "remove it")
        default:
            return nil
        }
    }
}
