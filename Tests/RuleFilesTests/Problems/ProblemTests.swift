// SPDX-License-Identifier: Apache-2.0

import Testing

struct ProblemTests {
    @Test(arguments: FileProblems.table)
    func `diagnostics at the top level have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test(arguments: StoreProblems.table)
    func `diagnostics in store have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test(arguments: AuthProblems.table)
    func `diagnostics in auth have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test(arguments: OriginProblems.table)
    func `diagnostics in origins have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test(arguments: RuleProblems.table)
    func `diagnostics in rules have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test(arguments: SyntaxProblems.table)
    func `diagnostics of YAML have their place and advice`(problem: ProblemCase) { check(problem) }

    @Test func `the unchanged example has no diagnostics`() {
        #expect(Example.problems(["acme.yaml": Example.acme]) == [])
    }

    private func check(_ problem: ProblemCase) {
        let found = Example.problems(["acme.yaml": problem.yaml]).map { $0.dropFirst("acme.yaml:".count) }
        #expect(found.joined(separator: "\n") == problem.problems)
    }
}
