// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct StringBytesTests {
    @Test(arguments: [
        ("acme", "", true), ("acme", "acme", true), ("acme", "cm", true), ("acme", "me", true), ("acme", "ac", true),
        ("acme", "acmeb", false), ("acme", "ca", false), ("", "", true), ("", "a", false), ("aab", "ab", true),
        ("aXaab", "aab", true),
        ("a name of more than fifteen bytes", "fifteen bytes", true),
        ("a name of more than fifteen bytes", "fifteen bytex", false),
        ("é", "e\u{301}", false), ("e\u{301}x", "\u{301}", true), ("Acme", "acme", false),
    ])
    func `bytes are found where they are, and nothing else`(text: String, part: String, isFound: Bool) {
        #expect(text.hasBytes(of: part) == isFound)
        // Slices of other strings may be stored in other ways.
        #expect(String(("x" + text).dropFirst()).hasBytes(of: String((part + "x").dropLast())) == isFound)
    }
}
