// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UploadRules

@testable import RuleFiles

struct UsableFilesTests {
    private static let fine = ["t/acme.yaml": FolderUnderTest.tenant("acme"), "t/beta.yaml": FolderUnderTest.tenant("beta")]

    private static func load(
        _ tenant: String, _ files: [String: String], service: ServiceSettings? = nil
    ) throws(UsableFiles.LoadError) -> UsableFiles {
        try UsableFiles.load(tenant, folder: "t", service: service, files: .memory(files))
    }

    /// The problems that stop a command about a tenant.
    private static func problems(_ tenant: String, _ files: [String: String]) -> [String]? {
        do throws(UsableFiles.LoadError) {
            _ = try load(tenant, files)
            return []
        } catch {
            guard case .problems(let problems) = error else { return nil }
            return problems.problems.map(\.description)
        }
    }

    @Test func `a folder without problems is used as a whole`() throws {
        let files = try Self.load("acme", Self.fine)
        #expect(files.file.tenant.id == "acme" && files.leftOut.isEmpty)
        #expect(files.book.tenants.map(\.id) == ["acme", "beta"])
    }

    @Test(arguments: [
        ["t/zeta.yaml": "tenant: zeta\n"], ["t/zeta.yaml": ": ["], ["t/zeta.yml": ""],
        // Conflicts of others.
        ["t/x.yaml": FolderUnderTest.tenant("x", prefix: "x/"), "t/y.yaml": FolderUnderTest.tenant("y", prefix: "x/y/")],
    ])
    func `problems of other files leave only these out`(others: [String: String]) throws {
        let files = try Self.load("acme", Self.fine.merging(others) { $1 })
        #expect(files.file.tenant.id == "acme")
        #expect(files.book.tenants.map(\.id) == ["acme", "beta"])
        #expect(files.leftOut == others.keys.sorted())
    }

    @Test(arguments: [
        ["t/acme.yaml": "tenant: acme\n"], ["t/acme.yaml": ": ["], ["t/acme.yml": ""],
        ["t/beta.yaml": FolderUnderTest.tenant("beta", prefix: "acme/x/")],
        ["t/aaa.yaml": FolderUnderTest.tenant("aaa", prefix: "acme/x/")],
        ["t/beta.yaml": FolderUnderTest.tenant("beta", more: "aliases: [acme]")],
    ])
    func `problems of the tenant's own file, and its conflicts, are those of check`(changed: [String: String]) {
        let files = Self.fine.merging(changed.merging(["t/zeta.yaml": "tenant: zeta\n"]) { $1 }) { $1 }
        let problems = Self.problems("acme", files)
        #expect(problems?.isEmpty == false)
        let path = changed.keys.contains("t/acme.yml") ? "t/acme.yml" : "t/acme.yaml"
        let check = RuleFileCheck(path, service: ServiceSettings(), files: .memory(files))
        #expect(problems == check.problems.map(\.description))
        #expect(problems?.contains { $0.contains("zeta") } == false)
    }

    @Test func `a conflict that is not listed, since the other file has an earlier one, stops too`() {
        let issuer = "https://id.example"
        let files = ["a", "b", "c"].map { ("t/\($0).yaml", FolderUnderTest.tenant($0, issuer: issuer)) }
        for id in ["a", "b", "c"] {
            #expect(Self.problems(id, Dictionary(uniqueKeysWithValues: files))?.isEmpty == false)
        }
    }

    @Test func `a folder that cannot be read is a problem`() throws {
        #expect(
            throws: UsableFiles.LoadError.self,
            performing: { try UsableFiles.load("acme", folder: "none", service: nil, files: .memory(Self.fine)) })
        #expect(Self.problems("acme", ["t/notes.txt": ""])?.first?.hasPrefix("t: there are no rule files in this folder") == true)
    }

    @Test func `an unknown tenant is told from all files`() {
        do throws(UsableFiles.LoadError) {
            _ = try Self.load("acne", Self.fine.merging(["t/zeta.yaml": ""]) { $1 })
            Issue.record("loaded")
        } catch {
            guard case .unknown(let tenants) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(tenants == ["acme", "beta", "zeta"])
        }
    }
}
