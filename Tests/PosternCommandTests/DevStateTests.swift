// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import RuleFiles
import Synchronization
import Testing
import WireFormats

@testable import PosternServer
@testable import postern

struct DevStateTests {
    private func state(_ heldBack: [HeldBackFile]) throws -> JSONValue {
        let state = DevState(settings: { $0.member("store", "s") }, current: { (generation: 7, heldBack: heldBack) })
        return try JSONValue(parsing: state.json())
    }

    @Test func `a problem has its place, its words and its line`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("tenant: a\nrules:\n  x:\r\n    maxSize: 5M\n", to: "a.yaml")
        let problem = Diagnostic(file: file, line: 4, column: 14, message: "“5M” is not a size", advice: "write 5MB")
        let json = try state([HeldBackFile(file: file, tenant: "a", problems: [problem])])
        #expect(json["generation"]?.integer == 7 && json["store"]?.string == "s" && json["moreFiles"]?.integer == 0)
        let found = json["heldBack"]?.elements?.first
        #expect(found?["file"]?.string == file && found?["isServed"] == .bool(true))
        let shown = found?["problems"]?.elements?.first
        #expect(shown?["line"]?.integer == 4 && shown?["column"]?.integer == 14)
        #expect(shown?["message"]?.string == problem.message && shown?["advice"]?.string == problem.advice)
        #expect(shown?["excerpt"]?.string == "    maxSize: 5M" && shown?["excerptColumn"]?.integer == 14)
    }

    @Test func `a problem of the whole file has no line, nor has one of a file that is gone`() throws {
        for line in [0, 3, 1_000_000] {
            let problem = Diagnostic(file: "/nowhere/a.yaml", line: line, column: line, message: "m", advice: "a")
            let json = try state([HeldBackFile(file: "/nowhere/a.yaml", problems: [problem])])
            let shown = json["heldBack"]?.elements?.first?["problems"]?.elements?.first
            #expect(shown?["message"]?.string == "m" && shown?["excerpt"] == nil)
        }
    }

    @Test func `files, problems and texts are bounded`() throws {
        let problem = Diagnostic(
            file: "f", line: 0, column: 0, message: String(repeating: "m", count: 10_000),
            advice: String(repeating: "a", count: 10_000))
        let file = HeldBackFile(file: "f", problems: Array(repeating: problem, count: DevState.maximumProblems + 5))
        let json = try state(Array(repeating: file, count: DevState.maximumFiles + 3))
        let files = try #require(json["heldBack"]?.elements)
        #expect(files.count == DevState.maximumFiles && json["moreFiles"]?.integer == 3)
        let problems = try #require(files.first?["problems"]?.elements)
        #expect(problems.count == DevState.maximumProblems && files.first?["moreProblems"]?.integer == 5)
        #expect(problems.first?["message"]?.string?.unicodeScalars.count == DevState.maximumText + 1)
    }

    @Test func `the document is made again only when something has changed`() {
        let generation = Atomic(1)
        let made = Atomic(0)
        let state = DevState(
            settings: { _ in made.add(1, ordering: .relaxed) },
            current: { (generation: generation.load(ordering: .relaxed), heldBack: []) })
        let first = state.json()
        #expect(state.json() == first && made.load(ordering: .relaxed) == 1)
        generation.store(2, ordering: .relaxed)
        #expect(state.json() != first && made.load(ordering: .relaxed) == 2)
    }

    @Test func `an excerpt keeps its column, also in a long line, and hides what would change how it reads`() {
        #expect(DevState.excerpt(of: "ab: \u{202E}x\r", around: 5) == ("ab: ·x", 5))
        #expect(DevState.excerpt(of: "ab", around: 0) == ("ab", 1))
        let line = String(repeating: "a", count: 1000) + "X" + String(repeating: "b", count: 1000)
        let (text, column) = DevState.excerpt(of: line[...], around: 1001)
        #expect(text.unicodeScalars.count == DevState.maximumExcerpt)
        #expect(Array(text)[column - 1] == "X")
        #expect(DevState.excerpt(of: "ab", around: 500).text == "ab")
    }
}
