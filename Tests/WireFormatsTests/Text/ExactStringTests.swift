// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct ExactStringTests {
    @Test func `names that only look alike are different keys`() {
        let composed = ExactString("é")
        let decomposed = ExactString("e\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, "é"]).count == 2)
        #expect([composed: 1][decomposed] == nil)
    }

    @Test func `equal bytes are one key, however the text is stored`() {
        let text = "a name of more than fifteen bytes"
        let slice = ExactString(String(("x" + text).dropFirst()))
        #expect(slice == ExactString(text))
        #expect(slice.hashValue == ExactString(text).hashValue)
    }

    @Test func `the order is by bytes`() {
        #expect(ExactString("e\u{301}") < ExactString("é"))
        #expect(ExactString("Z") < ExactString("a") && ExactString("") < ExactString("a"))
    }
}
