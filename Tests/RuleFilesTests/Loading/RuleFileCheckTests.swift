// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import RuleFiles

struct RuleFileCheckTests {
    private static func tenant(_ id: String, prefix: String? = nil, issuer: String? = nil, type: String = "image/png") -> String {
        """
        tenant: \(id)
        store: {bucket: shared, region: eu-west-1}
        auth:
          issuers:
            - {issuer: "\(issuer ?? "https://\(id).example")", audience: up, algorithms: [ES256], keys: {pemFile: key.pem}}
        rules:
          files: {keyPrefix: "\(prefix ?? "\(id)/")", contentTypes: [\(type)], maxSize: 1MiB}

        """
    }

    private static func check(_ path: String, _ files: [String: String]) -> RuleFileCheck {
        RuleFileCheck(path, service: nil, files: .memory(files))
    }

    @Test(arguments: ["", "t/", "/etc/t/"])
    func `of a file, its own problems and warnings are listed`(folder: String) {
        let (a, b) = (folder + "a.yaml", folder + "b.yaml")
        // The loader is given "." for a name without folders.
        let prefix = folder.isEmpty ? "./" : folder
        var files = [prefix + "a.yaml": Self.tenant("a", type: "image/jpg"), prefix + "b.yaml": "tenant: b\nrulez: 1\n"]
        if folder.isEmpty { files.merge(["a.yaml": files["./a.yaml"] ?? "", "b.yaml": files["./b.yaml"] ?? ""]) { $1 } }
        let right = Self.check(a, files)
        #expect(right.tenants == ["a"] && right.problems.isEmpty)
        #expect(right.warnings.map(\.file) == [a])
        #expect(right.folderWithProblems == (folder.isEmpty ? "." : String(folder.dropLast())))
        let wrong = Self.check(b, files)
        #expect(wrong.tenants.isEmpty && !wrong.problems.isEmpty && wrong.warnings.isEmpty)
        #expect(Set(wrong.problems.map(\.file)) == [b] && wrong.folderWithProblems == nil)
    }

    @Test func `a problem between two files is one of both`() {
        let prefixes = [
            "t/a.yaml": Self.tenant("a", prefix: "x/"), "t/b.yaml": Self.tenant("b", prefix: "x/y/"),
            "t/c.yaml": Self.tenant("c"),
        ]
        let issuers = [
            "t/a.yaml": Self.tenant("a", issuer: "https://id.example"),
            "t/b.yaml": Self.tenant("b", issuer: "https://id.example"),
            "t/c.yaml": Self.tenant("c"),
        ]
        for files in [prefixes, issuers] {
            let (a, b, c) = (Self.check("t/a.yaml", files), Self.check("t/b.yaml", files), Self.check("t/c.yaml", files))
            #expect(a.problems.count == 1 && a.problems == b.problems)
            #expect(a.tenants.isEmpty && a.folderWithProblems == nil)
            #expect(c.problems.isEmpty && c.tenants == ["c"] && c.folderWithProblems == "t")
        }
    }

    @Test func `each of three files in conflict has a problem`() {
        let files = Dictionary(
            uniqueKeysWithValues: ["a", "b", "c"].map { ("t/\($0).yaml", Self.tenant($0, issuer: "https://id.example")) })
        for id in ["a", "b", "c"] {
            let check = Self.check("t/\(id).yaml", files)
            #expect(check.tenants.isEmpty && !check.problems.isEmpty)
            #expect(check.problems.allSatisfy { $0.file == "t/\(id).yaml" || $0.otherFile == "t/\(id).yaml" })
        }
        // The folder as a whole has no more of them than before.
        #expect(Self.check("t", files).problems.count == 2)
    }

    @Test func `a folder is checked as a whole`() {
        let files = ["t/a.yaml": Self.tenant("a"), "t/b.yaml": Self.tenant("b")]
        let right = Self.check("t", files)
        #expect(right.tenants == ["a", "b"] && right.problems.isEmpty && right.folderWithProblems == nil)
        let wrong = Self.check("t", files.merging(["t/c.yaml": "tenant: c\n"]) { $1 })
        #expect(wrong.tenants.isEmpty && Set(wrong.problems.map(\.file)) == ["t/c.yaml"])
    }

    @Test(arguments: [
        ("t/notes.txt", "t/notes.txt: the name of a rule file must end in .yaml; give a file named <tenant>.yaml"),
        ("t/a", "t/a: the name of a rule file must end in .yaml"),
        ("t/b.yml", "t/b.yml: the name of a rule file must end in .yaml; rename it to b.yaml"),
        ("t/C.YAML", "t/C.YAML: the name of a rule file must end in .yaml; rename it to C.yaml"),
        ("t/.d.yaml", "t/.d.yaml: files whose names begin with a dot are not read; name it <tenant>.yaml"),
        ("t/none.yaml", "t/none.yaml: the file cannot be read: there is no such file or folder; check its path"),
        ("none", "none: the folder of rule files cannot be read: there is no such file or folder; check its path"),
        ("none/a.yaml", "none/a.yaml: the file cannot be read: there is no such file or folder"),
        ("t/Big.yaml", "t/Big.yaml: the file's name is not a tenant's id"),
    ])
    func `a path that is no rule file is one problem`(path: String, problem: String) throws {
        let files = [
            "t/acme.yaml": Self.tenant("acme"), "t/notes.txt": "", "t/a": "", "t/b.yml": "", "t/C.YAML": "", "t/.d.yaml": "",
            "t/Big.yaml": Self.tenant("big"),
        ]
        let check = Self.check(path, files)
        #expect(check.tenants.isEmpty)
        #expect(check.problems.first?.description.hasPrefix(problem) == true, "\(check.problems)")
        #expect(check.problems.allSatisfy { $0.file == path })
        if path != "t/Big.yaml" { #expect(check.problems.count == 1) }
    }
}
