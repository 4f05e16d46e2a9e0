// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("Every problem is found at its place, with advice")
struct ProblemTests {
    @Test("at the top of a file", arguments: FileProblems.table)
    func file(problem: ProblemCase) { check(problem) }

    @Test("in store", arguments: StoreProblems.table)
    func store(problem: ProblemCase) { check(problem) }

    @Test("in auth", arguments: AuthProblems.table)
    func auth(problem: ProblemCase) { check(problem) }

    @Test("in origins", arguments: OriginProblems.table)
    func origins(problem: ProblemCase) { check(problem) }

    @Test("in rules", arguments: RuleProblems.table)
    func rules(problem: ProblemCase) { check(problem) }

    @Test("in the YAML itself", arguments: SyntaxProblems.table)
    func syntax(problem: ProblemCase) { check(problem) }

    @Test("and the example without a change has none")
    func example() {
        #expect(Example.problems(["acme.yaml": Example.acme]) == [])
    }

    private func check(_ problem: ProblemCase) {
        let found = Example.problems(["acme.yaml": problem.yaml]).map { $0.dropFirst("acme.yaml:".count) }
        #expect(found.joined(separator: "\n") == problem.problems)
    }
}
