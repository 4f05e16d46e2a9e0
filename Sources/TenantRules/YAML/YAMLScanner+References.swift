// SPDX-License-Identifier: Apache-2.0

/// Anchors, aliases and tags: refused, and blanked out so that the rest of the file can still be read.
extension YAMLScanner {
    mutating func anchor() {
        find("there is an anchor (&)", "anchors are not read: write the value out where it is needed")
        saveSimpleKey(isProperty: true)
        simpleKeyAllowed = false
        blank()
        while isNameByte(byte()) { blank() }
    }

    mutating func tag() {
        find("there is a tag (!)", "tags are not read: write the plain value, in quotes if it begins with “!”")
        saveSimpleKey(isProperty: true)
        simpleKeyAllowed = false
        while !isBlankOrEnd(), flowLevel == 0 || !isFlowIndicator(byte()) {
            if byte() >= 0x80 { isComposable = false }
            blank()
        }
    }

    /// The alias becomes a plain word, so that the entry stays one.
    mutating func alias() {
        find("there is an alias (*)", "aliases are not read: write the value out, in quotes if it begins with “*”")
        reported.insert(position)
        saveSimpleKey()
        simpleKeyAllowed = false
        bytes[index] = UInt8(ascii: "x")
        advance()
        while isNameByte(byte()) { advance() }
        // libyaml ends an alias here; a plain word would go on.
        if !isBlankOrEnd(), flowLevel == 0 || !isFlowIndicator(byte()), byte() != UInt8(ascii: ":") {
            isComposable = false
        }
    }

    /// Goes one character of ASCII further and leaves a blank, so that columns stay as they are.
    private mutating func blank() {
        let place = index
        advance()
        bytes[place] = UInt8(ascii: " ")
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
