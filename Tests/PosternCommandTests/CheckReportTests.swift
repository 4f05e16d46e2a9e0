// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules

@testable import postern

struct CheckReportTests {
    private func report(_ files: [String: String]) -> CheckReport {
        let outcome = RuleLoader.load(folder: "t", generation: 1, files: .memory(files))
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
}
