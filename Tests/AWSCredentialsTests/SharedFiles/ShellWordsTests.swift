// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

@Suite("Words of a shell, as Python's shlex splits them")
struct ShellWordsTests {
    @Test(
        "words, quotes and backslashes",
        arguments: [
            ("", []), ("  ", []), ("a b", ["a", "b"]), ("a\t\r\n b ", ["a", "b"]), ("a\u{A0}b", ["a\u{A0}b"]),
            ("'a b' c", ["a b", "c"]),
            ("\"a b\"c", ["a bc"]), ("a''b \"\"", ["ab", ""]), ("a\\ b", ["a b"]), ("\"a\\\"b\\\\c\\d\"", ["a\"b\\c\\d"]),
            ("'a\\b'", ["a\\b"]),
            ("a#b #c", ["a#b", "#c"]), ("$HOME `x` *", ["$HOME", "`x`", "*"]), ("a\\\nb", ["a\nb"]), ("'\"' \"'\"", ["\"", "'"]),
        ] as [(String, [String])]
    )
    func words(text: String, expected: [String]) {
        #expect(text.shellWords == expected)
    }

    @Test("a quotation or a backslash without end is refused", arguments: ["'a", "\"a", "a\\", "\"a\\", "\"a\\\"", "it's"])
    func unfinished(text: String) {
        #expect(text.shellWords == nil)
    }
}
