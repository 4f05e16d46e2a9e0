// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import RuleFiles

struct KeyReferenceTests {
    private func text(of document: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return try String(contentsOfFile: "\(root)/\(document)", encoding: .utf8)
    }

    @Test(arguments: KeyReference.documents)
    func `the tables of the reference are as scripts/rule-reference writes them`(document: String) throws {
        let lines = try text(of: document).components(separatedBy: "\n")
        let updated = try KeyReference.update(text(of: document), of: document).components(separatedBy: "\n")
        for (line, expected) in zip(lines, updated) where line != expected {
            Issue.record("run scripts/rule-reference: \(document) has “\(line)” instead of “\(expected)”")
            break
        }
        #expect(lines.count == updated.count)
    }

    @Test func `each declared mapping has a table`() throws {
        let rules = try text(of: "docs/rules.md")
        let tables = (TenantReader.keys.rows + ServiceSettings.keys.rows).flatMap(\.shape.tables) + [TenantReader.keys]
        for row in tables.flatMap(\.rows) { #expect(rules.contains(row.markdown + "\n"), "\(row.name)") }
    }

    @Test func `rows that are missing, wrong or too many are written anew`() throws {
        let document = "docs/settings.md"
        let right = try text(of: document)
        let row = try #require(ServiceSettings.keys.rows.first?.markdown)
        for wrong in ["", row.replacingOccurrences(of: "required", with: "none") + "\n", row + "\n" + row + "\n"] {
            let text = right.replacingOccurrences(of: row + "\n", with: wrong)
            #expect(text != right)
            #expect(try KeyReference.update(text, of: document) == right)
        }
        #expect(throws: KeyReference.Missing.self) {
            try KeyReference.update(right.replacingOccurrences(of: "## Settings", with: "## Options"), of: document)
        }
        #expect(throws: KeyReference.Missing.self) {
            try KeyReference.update(right.replacingOccurrences(of: "| key | type", with: "| name | type"), of: document)
        }
    }
}
