// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text as one word of a command that an operator pastes into a shell: as it is, or in quotes if the shell would change it.
    ///
    /// Text with controls is written with escapes (`$'…'`, POSIX.1-2024, "Dollar-Single-Quotes"), so that the command can be printed.
    package var shellWord: String {
        if !isEmpty, allBytes(ByteSet.plainShellWord.contains) { return self }
        let hasEscapes = !isPrintable
        var word = Array((hasEscapes ? "$'" : "'").utf8)
        // By scalars: with a combining mark behind it, a quote is part of another character.
        for scalar in unicodeScalars {
            switch scalar {
            case "'": word += (hasEscapes ? "\\'" : "'\\''").utf8
            case "\\" where hasEscapes: word += "\\\\".utf8
            case _ where scalar.isUnprintable:
                for byte in String(scalar).utf8 {
                    word += [UInt8(ascii: "\\"), UInt8(ascii: "x"), Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 0x0F)]
                }
            default: word += String(scalar).utf8
            }
        }
        return String(decoding: word + "'".utf8, as: UTF8.self)
    }
}

extension ByteSet {
    /// What no shell changes, anywhere in a word.
    fileprivate static let plainShellWord = ByteSet(lettersAndDigits + "-._/:@%+,")
}
