// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import RuleFiles

struct ScopeTests {
    @Test(arguments: ["a", "uploads:write", "!#[]~", String(repeating: "x", count: 256)])
    func `a scope is visible ASCII of up to 256 bytes`(text: String) throws {
        #expect(try Scope.parse(text) == text)
    }

    @Test(arguments: ["", " ", "a b", "a\"b", "a\\b", "a\u{7F}", "é", String(repeating: "x", count: 257)])
    func `anything else is no scope`(text: String) {
        #expect(throws: ValueError.self) { try Scope.parse(text) }
    }
}
