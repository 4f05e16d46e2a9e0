// SPDX-License-Identifier: Apache-2.0

/// Walks over the tokens of a file before Yams sees it, and refuses what Yams must not compose.
///
/// Aliases let 386 bytes grow to gigabytes, and nesting overflows the stack, because Yams composes by recursion; both
/// must be known beforehand. `&`, `*` and brackets inside quoted text, block text and comments are harmless, so
/// knowing takes a real scanner. This one follows libyaml's (scanner.c, YAML 1.1) rule for rule: the same simple
/// keys, the same indentation stack, the same ends of plain text. It is iterative and sees each byte once.
///
/// What is refused but has a clear extent is blanked out in ``bytes``, so that the rest of the file is still checked.
struct YAMLScanner {
    /// The file, with what was refused blanked out.
    var bytes: [UInt8]
    var findings: [YAMLFinding] = []
    /// Where scalars stand that replace an alias: already reported.
    var reported: Set<YAMLPosition> = []
    /// False when Yams must not see the file, or would stumble over what was blanked out.
    var isComposable = true

    /// A token that becomes a key if a `:` follows on its line.
    struct SimpleKey {
        var isPossible = false
        var line = 0
        var column = 0
        var index = 0
        /// It began with an anchor or a tag: blanked out, the key would stand in another column.
        var isProperty = false
    }

    var index = 0
    /// From 1.
    var line = 1
    /// From 0, in Unicode scalars.
    var column = 0
    /// Scalars before ``index``; libyaml's simple keys have at most 1024.
    var scalars = 0
    var indent = -1
    var indents: [Int] = []
    var simpleKeys = [SimpleKey()]
    var simpleKeyAllowed = true
    /// A document has begun, by `---` or by content.
    var inDocument = false
    /// A `...` has been seen.
    var documentEnded = false
    /// No further token: the end, or something that cannot be read on.
    var isDone = false

    var flowLevel: Int { simpleKeys.count - 1 }

    /// - Parameter bytes: What ``YAMLCharacters`` let pass.
    static func scan(_ bytes: [UInt8]) -> YAMLScanner {
        var scanner = YAMLScanner(bytes: bytes)
        while !scanner.isDone {
            scanner.nextToken()
        }
        return scanner
    }

    // MARK: Characters

    var position: YAMLPosition { YAMLPosition(line: line, column: column + 1) }

    /// The byte so many places ahead; 0 at the end (no byte of the file is 0).
    func byte(_ offset: Int = 0) -> UInt8 {
        let place = index + offset
        return place < bytes.count ? bytes[place] : 0
    }

    func isBreak(_ offset: Int = 0) -> Bool {
        byte(offset) == UInt8(ascii: "\n") || byte(offset) == UInt8(ascii: "\r")
    }

    func isBlank(_ offset: Int = 0) -> Bool { byte(offset) == UInt8(ascii: " ") }

    /// A blank, a line end or the end of the file.
    func isBlankOrEnd(_ offset: Int = 0) -> Bool { isBlank(offset) || isBreak(offset) || byte(offset) == 0 }

    /// Goes one scalar further, over a whole CR LF at a line end.
    mutating func advance() {
        guard index < bytes.count else { return }
        if isBreak() {
            index += byte() == UInt8(ascii: "\r") ? 2 : 1
            line += 1
            column = 0
        } else {
            index += 1
            while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
            column += 1
        }
        scalars += 1
    }

    mutating func skipToLineEnd() {
        while !isBreak(), byte() != 0 { advance() }
    }

    // MARK: Findings

    mutating func find(_ message: String, _ advice: String, at place: YAMLPosition? = nil) {
        findings.append(YAMLFinding(position: place ?? position, message: message, advice: advice))
    }

    /// Reports something after which scanning, and therefore composing, would be guesswork.
    mutating func stop(_ message: String, _ advice: String, at place: YAMLPosition? = nil) {
        find(message, advice, at: place)
        isComposable = false
        isDone = true
    }
}
