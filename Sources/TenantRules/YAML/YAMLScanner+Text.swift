// SPDX-License-Identifier: Apache-2.0

extension YAMLScanner {
    /// From the opening quote to behind the closing one.
    mutating func skipQuotedText() {
        let start = position
        let quote = byte()
        advance()
        while index < bytes.count {
            if isDocumentIndicatorInText { break }
            switch byte() {
            case quote where quote == UInt8(ascii: "'") && byte(1) == quote:
                advance()
                advance()
            case quote:
                advance()
                return
            case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
                advance()
                advance()
            default:
                advance()
            }
        }
        stop("this quote is never closed", "close it on the same line", at: start)
    }

    /// Plain text goes on until `: `, ` #`, a line that is not indented deeper, or, in brackets, a bracket or comma.
    mutating func skipPlainText() {
        let deeper = indent + 1
        var crossedLine = false
        while true {
            if isDocumentIndicatorInText || byte() == UInt8(ascii: "#") { break }
            while !isBlankOrEnd() {
                if byte() == UInt8(ascii: ":"), isBlankOrEnd(1) { return finishPlainText(crossedLine) }
                if flowLevel > 0 {
                    if isFlowIndicator(byte()) { return finishPlainText(crossedLine) }
                    if byte() == UInt8(ascii: ":"), byte(1) == UInt8(ascii: "?") || isFlowIndicator(byte(1)) {
                        return stop("this “:” needs a space behind it", "write “: ”, or put the text in quotes")
                    }
                }
                crossedLine = false
                advance()
            }
            guard isBlank() || isBreak() else { break }
            while isBlank() || isBreak() {
                if isBreak() { crossedLine = true }
                advance()
            }
            if flowLevel == 0, column < deeper { break }
        }
        finishPlainText(crossedLine)
    }

    private mutating func finishPlainText(_ crossedLine: Bool) {
        if crossedLine { simpleKeyAllowed = true }
    }

    /// `|` or `>` with its header, then every line that is indented deeper.
    mutating func skipBlockText() {
        let start = position
        advance()
        guard let increment = blockTextHeader() else {
            return stop("this block text has an unreadable header", "write | or > alone at the end of the line", at: start)
        }
        var textIndent = increment > 0 ? max(indent, 0) + increment : 0
        skipBlockTextBreaks(&textIndent)
        while column == textIndent, index < bytes.count {
            skipToLineEnd()
            if isBreak() { advance() }
            skipBlockTextBreaks(&textIndent)
        }
    }

    /// The indentation indicator (0 where there is none), or nil for a header libyaml refuses.
    private mutating func blockTextHeader() -> Int? {
        var increment = 0
        var hasChomping = false
        while !isBlankOrEnd(), byte() != UInt8(ascii: "#") {
            switch byte() {
            case UInt8(ascii: "+"), UInt8(ascii: "-"):
                if hasChomping { return nil }
                hasChomping = true
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                if increment > 0 { return nil }
                increment = Int(byte() - UInt8(ascii: "0"))
            default: return nil
            }
            advance()
        }
        while isBlank() { advance() }
        if byte() == UInt8(ascii: "#") { skipToLineEnd() }
        guard isBreak() || byte() == 0 else { return nil }
        if isBreak() { advance() }
        return increment
    }

    private mutating func skipBlockTextBreaks(_ textIndent: inout Int) {
        var deepest = 0
        while true {
            while textIndent == 0 || column < textIndent, isBlank() { advance() }
            deepest = max(deepest, column)
            guard isBreak() else { break }
            advance()
        }
        if textIndent == 0 { textIndent = max(deepest, indent + 1, 1) }
    }

    private var isDocumentIndicatorInText: Bool {
        guard column == 0, byte() == UInt8(ascii: "-") || byte() == UInt8(ascii: ".") else { return false }
        return byte(1) == byte() && byte(2) == byte() && isBlankOrEnd(3)
    }
}
