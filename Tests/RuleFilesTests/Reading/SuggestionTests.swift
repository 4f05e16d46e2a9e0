// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles

/// Looking for a word that may be meant takes time, and a file may have tens of thousands of wrong ones.
struct SuggestionTests {
    @Test func `suggestions are made for the first twenty diagnostics of a file`() {
        let wrong = (0..<50).map { "    maxSize\($0): 1" }.joined(separator: "\n")
        let problems = Example.problems(["acme.yaml": Example.acme + wrong + "\n"])
        let suggested = problems.filter { $0.hasSuffix("did you mean maxSize?") }
        let listed = problems.filter { $0.contains("; known keys: keyPrefix") }
        #expect(suggested.count == 20 && listed.count == 30)
        #expect(problems.prefix(20).allSatisfy { $0.contains("did you mean") })
    }

    @Test func `each file has twenty suggestions of its own`() {
        let wrong = (0..<21).map { "    maxSize\($0): 1" }.joined(separator: "\n") + "\n"
        let beta = Example.acme.replacing("acme", with: "beta")
        let problems = Example.problems(["acme.yaml": Example.acme + wrong, "beta.yaml": beta + wrong])
        #expect(problems.filter { $0.contains("did you mean") }.count == 40)
    }
}
