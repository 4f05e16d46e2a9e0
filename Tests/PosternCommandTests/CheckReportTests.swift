// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

@testable import postern

struct CheckReportTests {
    private func report(_ files: [String: String]) -> CheckReport {
        let outcome = RuleLoader.load(folder: "t", files: .memory(files))
        switch outcome.result {
        case .success(let book):
            return CheckReport(tenants: book.files.map(\.tenant.id), problems: [], warnings: outcome.warnings)
        case .failure(let found):
            return CheckReport(tenants: [], problems: found.problems, warnings: outcome.warnings)
        }
    }

    private static let acme = """
        tenant: acme
        store: {bucket: acme-uploads, region: eu-west-1}
        auth: {apiKeys: [{id: cms, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]}
        rules: {a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}}
        """

    @Test func `JSON lists the tenants of valid files`() throws {
        #expect(report(["t/acme.yaml": Self.acme]).json == #"{"ok":true,"tenants":["acme"],"problems":[],"warnings":[]}"#)
    }

    @Test func `JSON has the place and advice of each diagnostic`() throws {
        let wrong = Self.acme.replacing("image/png", with: "image/jpg").replacing("1MiB", with: "1MB5")
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(report(["t/acme.yaml": wrong]).json.utf8)) as? [String: Any])
        #expect(json["ok"] as? Bool == false && (json["tenants"] as? [String]) == [])
        let problem = try #require((json["problems"] as? [[String: Any]])?.first)
        #expect(
            problem["file"] as? String == "t/acme.yaml" && problem["line"] as? Int == 4 && (problem["column"] as? Int ?? 0) > 60)
        #expect((problem["message"] as? String)?.contains("1MB5") == true && (problem["advice"] as? String)?.isEmpty == false)
        let warning = try #require((json["warnings"] as? [[String: Any]])?.first)
        #expect((warning["message"] as? String)?.contains("image/jpg") == true)
    }

    @Test func `text has problems, then warnings, then a summary`() {
        #expect(report(["t/acme.yaml": Self.acme]).text == "fine: 1 tenant (acme)")
        let unwise = Self.acme.replacing("image/png", with: "image/jpg")
        #expect(
            report(["t/acme.yaml": unwise]).text == """
                warning: t/acme.yaml:4:43: “image/jpg” is another name of image/jpeg; write image/jpeg, which allows both
                fine: 1 tenant (acme)
                """)
        let lines = report(["t/acme.yaml": unwise.replacing("1MiB", with: "1MB5")]).text.split(separator: "\n")
        #expect(lines.count == 3 && lines.last == "1 problem")
        #expect(lines.first?.hasPrefix("error: t/acme.yaml:4:") == true && lines[1].hasPrefix("warning: t/acme.yaml:4:"))
    }

    @Test func `with strict, warnings count as problems`() throws {
        let unwise = report(["t/acme.yaml": Self.acme.replacing("image/png", with: "image/jpg")])
        #expect(unwise.isFine && unwise.tenants == ["acme"])
        let strict = CheckReport(
            tenants: unwise.tenants, problems: unwise.problems, warnings: unwise.warnings, isStrict: true)
        #expect(!strict.isFine)
        #expect(
            strict.text == """
                error: t/acme.yaml:4:43: “image/jpg” is another name of image/jpeg; write image/jpeg, which allows both
                1 problem
                """)
        #expect(strict.json.hasPrefix(#"{"ok":false,"tenants":[],"problems":[{"file":"t/acme.yaml","line":4,"#))
        #expect(strict.json.hasSuffix(#""warnings":[]}"#))
        let fine = CheckReport(tenants: ["acme"], problems: [], warnings: [], isStrict: true)
        #expect(fine.isFine && fine.text == "fine: 1 tenant (acme)")
    }

    @Test func `the summary says that other files of the folder have problems`() {
        let fine = CheckReport(tenants: ["acme"], problems: [], warnings: [], folderWithProblems: "t\u{1B}")
        #expect(fine.isFine && fine.text == "fine: 1 tenant (acme); other files in t\\u{1b} have problems")
    }

    /// The results of a SARIF log.
    private func results(_ report: CheckReport, in folder: String = "/srv") throws -> [[String: Any]] {
        let log = Data(report.written(as: .sarif, in: folder).utf8)
        let json = try #require(JSONSerialization.jsonObject(with: log) as? [String: Any])
        let runs = try #require(json["runs"] as? [[String: Any]])
        #expect(json["version"] as? String == "2.1.0" && runs.count == 1)
        #expect(runs[0]["columnKind"] as? String == "unicodeCodePoints")
        let driver = try #require((runs[0]["tool"] as? [String: Any])?["driver"] as? [String: Any])
        #expect((driver["rules"] as? [[String: Any]])?.map { $0["id"] as? String } == ["problem", "warning"])
        return try #require(runs[0]["results"] as? [[String: Any]])
    }

    private func location(_ result: [String: Any]) throws -> (uri: String?, line: Int?, column: Int?) {
        let places = try #require(result["locations"] as? [[String: Any]])
        let place = try #require(places.first?["physicalLocation"] as? [String: Any])
        let region = place["region"] as? [String: Any]
        let uri = (place["artifactLocation"] as? [String: Any])?["uri"] as? String
        return (uri, region?["startLine"] as? Int, region?["startColumn"] as? Int)
    }

    @Test func `SARIF has a result for each problem and warning`() throws {
        #expect(try results(report(["t/acme.yaml": Self.acme])).isEmpty)
        let wrong = Self.acme.replacing("image/png", with: "image/jpg").replacing("1MiB", with: "1MB5")
        let report = report(["t/acme.yaml": wrong, "t/b.yml": ""])
        let found = try results(report)
        #expect(found.map { $0["ruleId"] as? String } == ["problem", "problem", "warning"])
        #expect(found.map { $0["ruleIndex"] as? Int } == [0, 0, 1])
        #expect(found.map { $0["level"] as? String } == ["error", "error", "warning"])
        #expect(try location(found[0]).uri == "t/acme.yaml" && location(found[0]).line == 4)
        #expect(try (location(found[0]).column ?? 0) > 60)
        // A problem of a whole file has no place in it.
        #expect(try location(found[1]).uri == "t/b.yml" && location(found[1]).line == nil)
        let message = (found[2]["message"] as? [String: Any])?["text"] as? String
        #expect(message == "“image/jpg” is another name of image/jpeg; write image/jpeg, which allows both")
        let strict = CheckReport(tenants: [], problems: report.problems, warnings: report.warnings, isStrict: true)
        #expect(try results(strict).map { $0["ruleId"] as? String } == ["problem", "problem", "warning"])
        #expect(try results(strict).map { $0["level"] as? String } == ["error", "error", "error"])
    }

    @Test(arguments: [
        ("t", "t/b.yml"), ("/srv/t", "t/b.yml"), ("./t", "t/b.yml"), ("../t", "../t/b.yml"),
        ("/else where/t", "file:///else%20where/t/b.yml"), ("a:b", "a%3Ab/b.yml"), ("ü#?", "%C3%BC%23%3F/b.yml"),
        ("/srvs", "file:///srvs/b.yml"),
    ])
    func `paths in SARIF are relative to the current folder`(folder: String, uri: String) throws {
        let check = RuleFileCheck(folder, service: nil, files: .memory(["\(folder)/b.yml": ""]))
        let report = CheckReport(tenants: [], problems: check.problems, warnings: [])
        #expect(try location(try #require(try results(report).first)).uri == uri)
    }

    @Test func `the summary names at most 20 tenants`() {
        func fine(_ count: Int) -> String {
            CheckReport(tenants: (1...count).map { "t\($0)" }, problems: [], warnings: []).text
        }
        #expect(fine(20).hasPrefix("fine: 20 tenants (t1, ") && fine(20).hasSuffix(", t20)"))
        #expect(fine(23).hasSuffix(", t20, and 3 more)"))
    }
}
