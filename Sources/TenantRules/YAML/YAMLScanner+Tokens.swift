// SPDX-License-Identifier: Apache-2.0

extension YAMLScanner {
    /// Reads one token (libyaml's `yaml_parser_fetch_next_token`).
    mutating func nextToken() {
        skipToToken()
        forgetStaleKeys()
        unrollIndent(to: column)
        guard index < bytes.count else {
            isDone = true
            return
        }
        if column == 0 {
            if byte() == UInt8(ascii: "%") { return directive() }
            if isDocumentIndicator(UInt8(ascii: "-")) { return documentStart() }
            if isDocumentIndicator(UInt8(ascii: ".")) { return documentEnd() }
        }
        if documentEnded { return secondDocument() }
        inDocument = true
        switch byte() {
        case UInt8(ascii: "["), UInt8(ascii: "{"): openFlow()
        case UInt8(ascii: "]"), UInt8(ascii: "}"): closeFlow()
        case UInt8(ascii: ","): flowEntry()
        case UInt8(ascii: "-") where isBlankOrEnd(1): blockEntry()
        case UInt8(ascii: "?") where flowLevel > 0 || isBlankOrEnd(1): complexKey()
        case UInt8(ascii: ":") where flowLevel > 0 || isBlankOrEnd(1): value()
        case UInt8(ascii: "*"): alias()
        case UInt8(ascii: "&"): anchor()
        case UInt8(ascii: "!"): tag()
        case UInt8(ascii: "|") where flowLevel == 0, UInt8(ascii: ">") where flowLevel == 0: blockText()
        case UInt8(ascii: "'"), UInt8(ascii: "\""): quotedText()
        case UInt8(ascii: "|"), UInt8(ascii: ">"), UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"):
            let character = Character(Unicode.Scalar(byte()))
            stop("no value can begin with “\(character)”", "put the value in quotes")
        default: plainText()
        }
    }

    // MARK: Between tokens

    private mutating func skipToToken() {
        while true {
            while isBlank() { advance() }
            if byte() == UInt8(ascii: "#") { skipToLineEnd() }
            guard isBreak() else { return }
            advance()
            if flowLevel == 0 { simpleKeyAllowed = true }
        }
    }

    /// A simple key stands on one line and has at most 1024 characters.
    private mutating func forgetStaleKeys() {
        for level in simpleKeys.indices where simpleKeys[level].isPossible {
            if simpleKeys[level].line < line || simpleKeys[level].index + 1024 < scalars {
                simpleKeys[level].isPossible = false
            }
        }
    }

    mutating func saveSimpleKey(isProperty: Bool = false) {
        guard simpleKeyAllowed else { return }
        simpleKeys[flowLevel] = SimpleKey(
            isPossible: true, line: line, column: column, index: scalars, isProperty: isProperty
        )
    }

    private mutating func rollIndent(to column: Int) {
        guard flowLevel == 0, indent < column else { return }
        indents.append(indent)
        indent = column
        checkDepth()
    }

    private mutating func unrollIndent(to column: Int) {
        guard flowLevel == 0 else { return }
        while indent > column, let outer = indents.popLast() {
            indent = outer
        }
    }

    /// A list under a key may stand in the key's own column and is then a level that no indentation shows, and so may a
    /// pair in a flow list: the true depth is at most twice this one, and is checked on the composed nodes.
    private mutating func checkDepth() {
        if indents.count + flowLevel > YAMLLimits.depth {
            stop("there are more than \(YAMLLimits.depth) levels of nesting", "no rule file needs so many: check the brackets")
        }
    }

    // MARK: Documents

    private func isDocumentIndicator(_ mark: UInt8) -> Bool {
        column == 0 && byte() == mark && byte(1) == mark && byte(2) == mark && isBlankOrEnd(3)
    }

    private mutating func directive() {
        find("directives (%) are not read", "remove the line")
        while !isBreak(), byte() != 0 {
            bytes[index] = UInt8(ascii: " ")
            index += 1
        }
        column = 0
        indent = -1
        indents = []
    }

    private mutating func documentStart() {
        if inDocument || documentEnded { return secondDocument() }
        inDocument = true
        for _ in 0..<3 { advance() }
        simpleKeyAllowed = false
    }

    private mutating func documentEnd() {
        for _ in 0..<3 { advance() }
        documentEnded = true
        simpleKeyAllowed = false
    }

    /// The first document is still worth checking: the rest is cut off.
    private mutating func secondDocument() {
        find("a second document begins here", "write one document a file: one file a tenant")
        bytes.removeSubrange(index...)
        isDone = true
    }

    // MARK: Collections

    private mutating func openFlow() {
        saveSimpleKey()
        simpleKeys.append(SimpleKey())
        simpleKeyAllowed = true
        checkDepth()
        advance()
    }

    private mutating func closeFlow() {
        simpleKeys[flowLevel].isPossible = false
        if flowLevel > 0 { simpleKeys.removeLast() }
        simpleKeyAllowed = false
        advance()
    }

    private mutating func flowEntry() {
        simpleKeys[flowLevel].isPossible = false
        simpleKeyAllowed = true
        advance()
    }

    private mutating func blockEntry() {
        if flowLevel == 0, simpleKeyAllowed { rollIndent(to: column) }
        simpleKeys[flowLevel].isPossible = false
        simpleKeyAllowed = true
        advance()
    }

    private mutating func complexKey() {
        find("“?” begins a complex key", "write the key in front of its “:”, or put the value in quotes")
        isComposable = false
        if flowLevel == 0, simpleKeyAllowed { rollIndent(to: column) }
        simpleKeys[flowLevel].isPossible = false
        simpleKeyAllowed = flowLevel == 0
        advance()
    }

    private mutating func value() {
        let key = simpleKeys[flowLevel]
        if key.isPossible {
            if key.isProperty, flowLevel == 0 { isComposable = false }
            rollIndent(to: key.column)
            simpleKeys[flowLevel].isPossible = false
            simpleKeyAllowed = false
        } else {
            if flowLevel == 0, simpleKeyAllowed { rollIndent(to: column) }
            simpleKeyAllowed = flowLevel == 0
        }
        advance()
    }

    func isFlowIndicator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
        default: false
        }
    }

    // MARK: Text

    private mutating func quotedText() {
        saveSimpleKey()
        simpleKeyAllowed = false
        skipQuotedText()
    }

    private mutating func blockText() {
        simpleKeys[flowLevel].isPossible = false
        simpleKeyAllowed = true
        skipBlockText()
    }

    private mutating func plainText() {
        saveSimpleKey()
        simpleKeyAllowed = false
        skipPlainText()
    }
}
