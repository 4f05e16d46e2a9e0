// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

struct ShellWordsTests {
    @Test(
        arguments: [
            ("", []), ("  ", []), ("a b", ["a", "b"]), ("a\t\r\n b ", ["a", "b"]), ("a\u{A0}b", ["a\u{A0}b"]),
            ("'a b' c", ["a b", "c"]),
            ("\"a b\"c", ["a bc"]), ("a''b \"\"", ["ab", ""]), ("a\\ b", ["a b"]), ("\"a\\\"b\\\\c\\d\"", ["a\"b\\c\\d"]),
            ("'a\\b'", ["a\\b"]),
            ("a#b #c", ["a#b", "#c"]), ("$HOME `x` *", ["$HOME", "`x`", "*"]), ("a\\\nb", ["a\nb"]), ("'\"' \"'\"", ["\"", "'"]),
        ] as [(String, [String])])
    func `words are split at spaces outside of quotes and backslashes`(text: String, expected: [String]) {
        #expect(text.shellWords == expected)
    }

    @Test(arguments: ["'a", "\"a", "a\\", "\"a\\", "\"a\\\"", "it's"])
    func `an unterminated quotation or backslash is refused`(text: String) {
        #expect(text.shellWords == nil)
    }
}
