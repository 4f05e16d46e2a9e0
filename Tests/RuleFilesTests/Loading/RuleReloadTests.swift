// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UploadRules
import UserAuth

@testable import RuleFiles

/// Which contents come into force.
struct RuleReloadTests {
    private static func tenant(
        _ id: String, prefix: String? = nil, issuer: String? = nil, audience: String = "up", keys: [String] = ["cms"],
        more: String = ""
    ) -> String {
        FolderUnderTest.tenant(id, prefix: prefix, issuer: issuer, audience: audience, keys: keys, more: more)
    }

    private static func folder(_ ids: String..., service: String? = nil) throws -> FolderUnderTest {
        try FolderUnderTest(Dictionary(uniqueKeysWithValues: ids.map { ("\($0).yaml", tenant($0)) }), service: service)
    }

    // MARK: Files by themselves

    @Test func `a bad file keeps its tenant's rules, and everything else takes effect`() throws {
        var test = try Self.folder("a", "b", "c")
        // A typo of one team, and the revocation of another team's key.
        let typo = Self.tenant("a", keys: ["cms", "new"]).replacing("maxSize", with: "maxSzie")
        var reload = test.reload(writing: ["a.yaml": typo, "b.yaml": Self.tenant("b", keys: [], more: "serviceIssuers: true")])
        #expect(reload.heldBackNames == ["a.yaml"] && reload.heldBack.first?.tenant == "a")
        #expect(reload.changed == ["b"] && reload.added.isEmpty && reload.removed.isEmpty)
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["cms"] && test.file(of: "b").apiKeys.isEmpty)
        #expect(
            reload.problems(of: "t/a.yaml") == Example.problems(["a.yaml": typo]).map { "t/\($0)" }
                && reload.problems(of: "t/a.yaml").count == 2)
        // It stays so while the others change.
        reload = test.reload(writing: ["c.yaml": Self.tenant("c", keys: ["new"])])
        #expect(reload.changed == ["c"] && reload.heldBackNames == ["a.yaml"])
        // Mended.
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["cms", "new"])])
        #expect(reload.changed == ["a"] && reload.heldBack.isEmpty)
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["cms", "new"])
    }

    @Test func `a bad file of a new tenant is not served, and is listed until it is mended or gone`() throws {
        var test = try Self.folder("a")
        var reload = test.reload(writing: ["b.yaml": "tenant: c\n", "d.yaml": ""])
        #expect(reload.heldBackNames == ["b.yaml (not served)", "d.yaml (not served)"] && !reload.isChanged)
        #expect(test.tenants == ["a"])
        reload = test.reload(writing: ["b.yaml": Self.tenant("b")], removing: ["d.yaml"])
        #expect(reload.added == ["b"] && reload.heldBack.isEmpty && test.tenants == ["a", "b"])
    }

    @Test func `a bad file that is as it was again is not held back`() throws {
        var test = try Self.folder("a", "b")
        let before = try test.file(of: "a")
        #expect(test.reload(writing: ["a.yaml": "tenant"]).heldBackNames == ["a.yaml"])
        let reload = test.reload(writing: ["a.yaml": Self.tenant("a")])
        #expect(reload.heldBack.isEmpty && !reload.isChanged)
        #expect(try test.file(of: "a") === before)
    }

    @Test func `a bad file that is removed removes its tenant`() throws {
        var test = try Self.folder("a", "b")
        #expect(test.reload(writing: ["a.yaml": "tenant"]).heldBackNames == ["a.yaml"])
        let reload = test.reload(writing: [:], removing: ["a.yaml"])
        #expect(reload.removed == ["a"] && reload.heldBack.isEmpty && test.tenants == ["b"])
    }

    @Test func `no tenant left is no edit: those that were there stay until there is another one`() throws {
        var test = try Self.folder("a")
        // After a move the id is wrong.
        var reload = test.reload(writing: ["b.yaml": Self.tenant("a")], removing: ["a.yaml"])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml (not served)"] && !reload.isChanged && test.tenants == ["a"])
        #expect(
            reload.problems(of: "t/a.yaml") == [
                "t/a.yaml: the file is gone, and no other file can be used; put it back, or mend another one: until then these rules stay in force"
            ])
        reload = test.reload(writing: ["b.yaml": Self.tenant("a") + "\n"])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml (not served)"] && test.tenants == ["a"])
        reload = test.reload(writing: ["b.yaml": Self.tenant("b")])
        #expect(reload.heldBack.isEmpty && reload.added == ["b"] && reload.removed == ["a"] && test.tenants == ["b"])
        // Of several, all are gone at once.
        test = try Self.folder("a", "b")
        reload = test.reload(writing: ["c.yaml": "tenant: c\n"], removing: ["a.yaml", "b.yaml"])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml", "c.yaml (not served)"] && test.tenants == ["a", "b"])
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["new"])])
        #expect(reload.heldBackNames == ["c.yaml (not served)"] && reload.changed == ["a"] && reload.removed == ["b"])
    }

    @Test func `tenants whose files have not changed are the same objects`() throws {
        var test = try Self.folder("a", "b", "c")
        let (a, c) = (try test.file(of: "a"), try test.file(of: "c"))
        _ = test.reload(writing: ["b.yaml": Self.tenant("b", keys: ["new"]), "aa.yaml": Self.tenant("aa")])
        #expect(test.tenants == ["a", "aa", "b", "c"])
        #expect(try test.file(of: "a") === a && test.file(of: "c") === c)
    }

    @Test func `a book has the digest that a load of the same contents has`() throws {
        var test = try Self.folder("a", "b")
        _ = test.reload(writing: ["a.yaml": "tenant", "c.yaml": Self.tenant("c"), "b.yaml": Self.tenant("b", keys: ["new"])])
        let other = try FolderUnderTest([
            "a.yaml": Self.tenant("a"), "b.yaml": Self.tenant("b", keys: ["new"]), "c.yaml": Self.tenant("c"),
        ])
        #expect(test.book.digest == other.book.digest)
        #expect(test.book.digest != (try Self.folder("a", "b", "c").book.digest))
    }

    @Test func `the warnings of files that come into force are told`() throws {
        func unwise(_ id: String, more: String = "") -> String {
            Self.tenant(id, issuer: "https://\(id)", more: "aliases: [org-\(id)]\n\(more)")
        }
        var test = try FolderUnderTest(["a.yaml": unwise("a"), "b.yaml": Self.tenant("b")])
        let reload = test.reload(writing: ["b.yaml": unwise("b")])
        #expect(reload.warnings.map(\.file) == ["t/b.yaml"] && reload.warnings[0].message.hasPrefix("aliases have no effect"))
        #expect(test.reload(writing: ["b.yaml": unwise("b", more: "x: y")]).warnings.isEmpty)
    }

    // MARK: Conflicts

    /// Files of `a` and `b` that are in conflict, with the problem's beginning.
    private static let conflicts: [(a: String, b: String, problem: String)] = [
        (
            tenant("a", prefix: "x/"), tenant("b", prefix: "x/y/"),
            "t/b.yaml:6:22: the prefix “x/y/” overlaps “x/” of the tenant “a”"
        ),
        (
            tenant("a", prefix: "x/y/"), tenant("b", prefix: "x/"),
            "t/b.yaml:6:22: the prefix “x/” overlaps “x/y/” of the tenant “a”"
        ),
        (tenant("a", prefix: "x/"), tenant("b", prefix: "x/"), "t/b.yaml:6:22: the tenant “a” has the same prefix “x/”"),
        (
            tenant("a", issuer: "https://x"), tenant("b", issuer: "https://x"),
            "t/b.yaml:4:22: a token of the issuer “https://x” could fit this entry and the one in t/a.yaml:4"
        ),
        (
            tenant("a", more: "aliases: [x]"), tenant("b", more: "aliases: [x]"),
            "t/b.yaml:7:11: the alias “x” is of the tenant “a” too (t/a.yaml:7)"
        ),
        (tenant("a"), tenant("b", more: "aliases: [a]"), "t/b.yaml:7:11: the alias “a” is the id of another tenant (t/a.yaml)"),
        (tenant("a", more: "aliases: [b]"), tenant("b"), "t/a.yaml:7:11: the alias “b” is the id of another tenant (t/b.yaml)"),
    ]

    @Test func `files in conflict are both held back`() throws {
        for (a, b, problem) in Self.conflicts {
            let files = ["a.yaml": a, "b.yaml": b]
            // Both are new.
            var test = try Self.folder("c")
            var reload = test.reload(writing: files)
            #expect(reload.heldBackNames == ["a.yaml (not served)", "b.yaml (not served)"] && test.tenants == ["c"])
            for file in ["t/a.yaml", "t/b.yaml"] {
                #expect(reload.problems(of: file).count == 1)
                #expect(reload.problems(of: file).first?.hasPrefix(problem) == true, "\(reload.problems(of: file))")
            }
            #expect(Example.problems(files).map { "t/\($0)" } == reload.problems(of: "t/a.yaml"))
            // One is removed.
            reload = test.reload(writing: [:], removing: ["a.yaml"])
            #expect(reload.added == ["b"] && reload.heldBack.isEmpty)
            // The other one comes back.
            reload = test.reload(writing: ["a.yaml": a])
            #expect(reload.heldBackNames == ["a.yaml (not served)"] && test.tenants == ["b", "c"])
            #expect(reload.problems(of: "t/a.yaml").first?.hasPrefix(problem) == true)
        }
    }

    @Test func `files of tenants in force that get into conflict are both held back, and all others take effect`() throws {
        var test = try Self.folder("a", "b", "c")
        var reload = test.reload(writing: [
            "a.yaml": Self.tenant("a", prefix: "x/", keys: ["new"]), "b.yaml": Self.tenant("b", prefix: "x/", keys: ["new"]),
            "c.yaml": Self.tenant("c", prefix: "z/"),
        ])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml"] && reload.changed == ["c"])
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["cms"] && test.file(of: "b").apiKeys.map(\.id) == ["cms"])
        reload = test.reload(writing: ["b.yaml": Self.tenant("b", keys: ["new"])])
        #expect(reload.heldBack.isEmpty && reload.changed == ["a", "b"])
    }

    @Test func `only the file that changed is held back if it is in conflict with one that did not`() throws {
        var test = try Self.folder("a", "b")
        let reload = test.reload(writing: ["b.yaml": Self.tenant("b", prefix: "a/b/")])
        #expect(reload.heldBackNames == ["b.yaml"] && !reload.isChanged)
    }

    @Test func `a file that takes what another has in force holds up no change of that one`() throws {
        var test = try Self.folder("a", "b", "c")
        // Both in one reload: a leaked key is removed, and another team takes the folder.
        let intruder = Self.tenant("b", prefix: "a/b/")
        var reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: []), "b.yaml": intruder])
        #expect(reload.heldBackNames == ["b.yaml"] && reload.changed == ["a"])
        #expect(try test.file(of: "a").apiKeys.isEmpty)
        // One after the other.
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["new"])])
        #expect(reload.heldBackNames == ["b.yaml"] && reload.changed == ["a"])
        // A new tenant is an intruder too, and with it a third that is in conflict with nobody else.
        reload = test.reload(writing: [
            "a.yaml": Self.tenant("a", keys: ["cms"]), "d.yaml": Self.tenant("d", prefix: "a/"),
            "c.yaml": Self.tenant("c", keys: []),
        ])
        #expect(reload.heldBackNames == ["b.yaml", "d.yaml (not served)"] && reload.changed == ["a", "c"])
        // The folder of a moves: then b and d are in conflict with each other only.
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", prefix: "z/")])
        #expect(reload.heldBackNames == ["b.yaml", "d.yaml (not served)"] && reload.changed == ["a"])
        reload = test.reload(writing: [:], removing: ["d.yaml"])
        #expect(reload.heldBack.isEmpty && reload.changed == ["b"])
    }

    @Test func `of three files of which one is in conflict with each of the others, all are held back`() throws {
        var test = try Self.folder("a", "b", "c")
        // a and b have nothing in common.
        let reload = test.reload(writing: [
            "a.yaml": Self.tenant("a", prefix: "x/1/"), "b.yaml": Self.tenant("b", prefix: "x/2/"),
            "c.yaml": Self.tenant("c", prefix: "x/"),
        ])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml", "c.yaml"])
        #expect(reload.problems(of: "t/b.yaml").first?.contains("overlaps “x/2/” of the tenant “b”") == true)
    }

    @Test func `what a file in conflict falls back to may be in conflict with a third file`() throws {
        var test = try Self.folder("a", "b", "c", "d")
        // c and d take one prefix; a takes that of c, and b that of a.
        let reload = test.reload(writing: [
            "c.yaml": Self.tenant("c", prefix: "x/"), "d.yaml": Self.tenant("d", prefix: "x/"),
            "a.yaml": Self.tenant("a", prefix: "c/"), "b.yaml": Self.tenant("b", prefix: "a/"),
        ])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml", "c.yaml", "d.yaml"] && !reload.isChanged)
        #expect(reload.problems(of: "t/a.yaml").first?.contains("the tenant “a” has the same prefix “c/”") == true)
        #expect(reload.problems(of: "t/b.yaml").first?.contains("the tenant “a” has the same prefix “a/”") == true)
        // Without d everything goes.
        let released = test.reload(writing: [:], removing: ["d.yaml"])
        #expect(released.heldBack.isEmpty && released.changed == ["a", "b", "c"] && released.removed == ["d"])
        #expect(try test.file(of: "b").tenant.rules[0].keyPrefix.text == "a/")
    }

    @Test func `a file that takes over what a bad file still has in force waits until that is mended`() throws {
        var test = try Self.folder("a", "b")
        let taking = Self.tenant("b", prefix: "a/")
        var reload = test.reload(writing: ["a.yaml": "tenant: a\n", "b.yaml": taking])
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml"] && !reload.isChanged)
        #expect(
            reload.problems(of: "t/b.yaml").first?.hasPrefix("t/b.yaml:6:22: the tenant “a” has the same prefix “a/”") == true)
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", prefix: "z/")])
        #expect(reload.heldBack.isEmpty && reload.changed == ["a", "b"])
    }

    @Test func `tenants can exchange what only one may have`() throws {
        var test = try Self.folder("a", "b", "c")
        var reload = test.reload(writing: [
            "a.yaml": Self.tenant("a", prefix: "b/"), "b.yaml": Self.tenant("b", prefix: "c/"),
            "c.yaml": Self.tenant("c", prefix: "a/"),
        ])
        #expect(reload.heldBack.isEmpty && reload.changed == ["a", "b", "c"])
        // A new tenant takes over what one had that is removed at the same time.
        reload = test.reload(writing: ["d.yaml": Self.tenant("d", prefix: "b/")], removing: ["a.yaml"])
        #expect(reload.heldBack.isEmpty && reload.added == ["d"] && reload.removed == ["a"])
    }

    // MARK: The service-wide file

    @Test func `settings of the service-wide file come into force`() throws {
        var test = try Self.folder("a", service: FolderUnderTest.service(["login"]))
        let before = try test.file(of: "a")
        test.system.write(FolderUnderTest.service(["login"], more: "adminHosts: [a.internal]\n"), to: "postern.yaml")
        let reload = test.reload()
        #expect(reload.isServiceChanged && reload.isChanged && reload.changed.isEmpty)
        #expect(reload.service.adminHosts == ["a.internal"] && reload.service.drainDelay == .seconds(1))
        #expect(try test.file(of: "a") === before)
        #expect(test.look() == .unchanged && !test.folder.makeBook().isServiceChanged)
    }

    @Test func `a bad service-wide file is held back, and the tenants' files are not`() throws {
        let good = FolderUnderTest.service(["login"])
        var test = try Self.folder("a", service: good)
        test.system.write("drainDelay: 1x\n", to: "postern.yaml")
        var reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["new"])])
        #expect(reload.changed == ["a"] && !reload.isServiceChanged && reload.service.issuers.map(\.name) == ["login"])
        #expect(reload.heldBack.map(\.file) == ["postern.yaml"] && reload.heldBack.allSatisfy { $0.isServed && $0.tenant == nil })
        #expect(reload.problems(of: "postern.yaml").first?.hasPrefix("postern.yaml:1:13: ") == true)
        // Unreadable is bad too.
        test.system.remove("postern.yaml")
        reload = test.reload()
        #expect(
            reload.problems(of: "postern.yaml") == [
                "postern.yaml: the file cannot be read: there is no such file or folder; check its path and permissions"
            ])
        test.system.write(good, to: "postern.yaml")
        reload = test.reload()
        #expect(reload.heldBack.isEmpty && !reload.isChanged)
    }

    @Test func `a tenant's file that needs another service-wide file waits for it`() throws {
        var test = try Self.folder("a", "b", service: FolderUnderTest.service(["login"]))
        let named = Self.tenant("a", more: "serviceIssuers: [partner]")
        var reload = test.reload(writing: ["a.yaml": named])
        #expect(reload.heldBackNames == ["a.yaml"])
        #expect(reload.problems(of: "t/a.yaml").first?.contains("no service-wide issuer is named “partner”") == true)
        test.system.write(FolderUnderTest.service(["login", "partner"]), to: "postern.yaml")
        reload = test.reload()
        // The API keys of b can name users of either.
        #expect(reload.heldBack.isEmpty && reload.changed == ["a", "b"] && reload.isServiceChanged)
        #expect(reload.service.issuers.map(\.name) == ["login", "partner"])
    }

    @Test func `a service-wide issuer that is removed is not trusted although a tenant still names it`() throws {
        let both = FolderUnderTest.service(["login", "partner"])
        func tenant(keys: [String] = ["cms"], more: String = "") -> String {
            Self.tenant("a", keys: keys, more: "serviceIssuers: [partner]\n\(more)")
        }
        var test = try FolderUnderTest(["a.yaml": tenant(), "b.yaml": Self.tenant("b")], service: both)
        test.system.write(FolderUnderTest.service(["login"]), to: "postern.yaml")
        var reload = test.reload()
        #expect(reload.isServiceChanged && reload.service.issuers.map(\.name) == ["login"])
        // The content of a is in force, and nobody is its issuer.
        let problem = "t/a.yaml:7:17: no service-wide issuer is named “partner”"
        #expect(reload.heldBackNames == ["a.yaml"] && reload.problems(of: "t/a.yaml").first?.hasPrefix(problem) == true)
        #expect(test.tenants == ["a", "b"])
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["cms"])
        // That is told until the file is mended, whatever else changes.
        reload = test.reload(writing: ["b.yaml": Self.tenant("b", keys: ["new"])])
        #expect(reload.changed == ["b"] && reload.problems(of: "t/a.yaml").first?.hasPrefix(problem) == true)
        reload = test.reload(writing: ["a.yaml": tenant(keys: ["new"])])
        #expect(reload.heldBackNames == ["a.yaml"] && !reload.isChanged)
        reload = test.reload(writing: ["a.yaml": tenant(more: "x: y")])
        #expect(reload.heldBackNames == ["a.yaml"] && reload.problems(of: "t/a.yaml").count == 2)
        reload = test.reload(writing: ["a.yaml": Self.tenant("a")])
        #expect(reload.heldBack.isEmpty && reload.changed == ["a"])
    }

    @Test func `a service-wide issuer that a broken file names is removed all the same`() throws {
        let both = FolderUnderTest.service(["login", "partner"])
        var test = try FolderUnderTest(
            ["a.yaml": Self.tenant("a", more: "serviceIssuers: [partner]"), "b.yaml": Self.tenant("b")], service: both)
        test.system.write(FolderUnderTest.service(["login"]), to: "postern.yaml")
        let reload = test.reload(writing: ["a.yaml": "tenant: a\n"])
        #expect(reload.heldBackNames == ["a.yaml"] && reload.service.issuers.map(\.name) == ["login"])
        #expect(test.tenants == ["a", "b"])
    }

    @Test func `an issuer that replaces a removed one is judged as any other`() throws {
        // Two service-wide issuers would make {user} ambiguous; instead of one there is another.
        var test = try FolderUnderTest(
            [
                "a.yaml": Self.tenant("a", more: "serviceIssuers: [partner]"),
                "b.yaml": Self.tenant("b", issuer: "https://new.example"),
            ],
            service: FolderUnderTest.service(["partner"]))
        test.system.write(FolderUnderTest.service(["new"]), to: "postern.yaml")
        let reload = test.reload()
        // A token of the new one could be for b.
        #expect(reload.heldBack.map(\.file) == ["postern.yaml"] && reload.service.issuers.map(\.name) == ["partner"])
    }

    @Test func `a service-wide issuer whose tokens could be a tenant's is held back`() throws {
        var test = try FolderUnderTest(
            ["a.yaml": Self.tenant("a", issuer: "https://login.example"), "b.yaml": Self.tenant("b")],
            service: FolderUnderTest.service([]))
        test.system.write(FolderUnderTest.service(["login"]), to: "postern.yaml")
        var reload = test.reload()
        #expect(reload.heldBack.map(\.file) == ["postern.yaml"])
        let problem =
            "t/a.yaml:4:22: a token of the issuer “https://login.example” could fit this entry and the one service-wide in postern.yaml:3"
        #expect(reload.problems(of: "postern.yaml").first?.hasPrefix(problem) == true, "\(reload.problems(of: "postern.yaml"))")
        // With the tenant's file both change.
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", issuer: "https://login.example", audience: "other")])
        #expect(reload.heldBack.isEmpty && reload.isServiceChanged && reload.changed == ["a", "b"])
        // Now it is the tenant's fault.
        reload = test.reload(writing: ["b.yaml": Self.tenant("b", issuer: "https://login.example")])
        #expect(reload.heldBackNames == ["b.yaml"])
        #expect(reload.problems(of: "t/b.yaml").first?.hasPrefix(problem.replacing("a.yaml", with: "b.yaml")) == true)
    }

    @Test func `a file in conflict that falls back to what does not go with a new service-wide file holds that back`() throws {
        let own = "https://login.example"
        var test = try FolderUnderTest(
            ["a.yaml": Self.tenant("a", issuer: own), "b.yaml": Self.tenant("b"), "c.yaml": Self.tenant("c")],
            service: FolderUnderTest.service([]))
        test.system.write(FolderUnderTest.service(["login"]), to: "postern.yaml")
        let reload = test.reload(writing: [
            "a.yaml": Self.tenant("a", prefix: "x/", issuer: own, audience: "other"), "b.yaml": Self.tenant("b", prefix: "x/"),
            "c.yaml": Self.tenant("c", keys: ["new"]),
        ])
        #expect(reload.heldBack.map(\.file) == ["postern.yaml", "t/a.yaml", "t/b.yaml"] && reload.changed == ["c"])
        #expect(reload.service.issuers.isEmpty)
        // What is in force is as consistent as before.
        let next = test.reload(writing: ["b.yaml": Self.tenant("b", prefix: "y/")])
        #expect(next.heldBack.isEmpty && next.isServiceChanged && next.changed == ["a", "b", "c"])
    }

    @Test func `a tenant whose API keys name users of other service-wide issuers is another object`() throws {
        var test = try Self.folder("a", "b", service: FolderUnderTest.service(["login"]))
        _ = test.reload(writing: ["b.yaml": Self.tenant("b", issuer: "https://b")])
        let (a, b) = (try test.file(of: "a"), try test.file(of: "b"))
        #expect(a.keyIssuers.issuer(of: a.apiKeys[0])?.identifier == "https://login.example")
        test.system.write(FolderUnderTest.service(["other"]), to: "postern.yaml")
        let reload = test.reload()
        #expect(reload.changed == ["a"] && reload.isServiceChanged)
        let changed = try test.file(of: "a")
        #expect(changed !== a && changed.digest == a.digest && changed.tenant === a.tenant)
        #expect(changed.keyIssuers.issuer(of: a.apiKeys[0])?.identifier == "https://other.example")
        #expect(try test.file(of: "b") === b)
    }

    // MARK: Other files

    @Test func `a content that needs another file waits until that is there`() throws {
        var test = try Self.folder("a", "b", service: FolderUnderTest.service(["login"]))
        var asked: [String] = []
        var missing: Set<String> = ["a.json", "k"]
        func checkTenant(_ file: TenantFile) -> [Diagnostic] {
            asked.append(file.tenant.id)
            return file.issuers.indices.compactMap { index in
                guard case .jwksFile(let path) = file.issuers[index].keySource, missing.contains(String(path.dropFirst(2))) else {
                    return nil
                }
                return file.problem(ofIssuer: index, "its key file cannot be read", "check it")
            }
        }
        func checkService(_ settings: ServiceSettings) -> [Diagnostic] {
            asked.append("service")
            return missing.contains("k")
                ? settings.issuers.indices.map { settings.problem(ofIssuer: $0, "its key file cannot be read", "check it") } : []
        }
        for id in ["a", "b"] { test.system.write(Self.tenant(id, issuer: "https://\(id)"), to: "t/\(id).yaml") }
        test.system.write(FolderUnderTest.service(["other"]), to: "postern.yaml")
        var reload = test.reload(checkingTenant: checkTenant, checkingService: checkService)
        #expect(reload.changed == ["b"] && reload.heldBack.map(\.file) == ["postern.yaml", "t/a.yaml"])
        #expect(reload.problems(of: "t/a.yaml") == ["t/a.yaml:4:22: its key file cannot be read; check it"])
        #expect(reload.problems(of: "postern.yaml") == ["postern.yaml:3:14: its key file cannot be read; check it"])
        #expect(asked.sorted() == ["a", "b", "service"])
        // No rule file changes.
        asked = []
        missing = []
        reload = test.folder.makeBook(checkingTenant: checkTenant, checkingService: checkService)
        #expect(reload.changed == ["a"] && reload.isServiceChanged && reload.heldBack.isEmpty)
        #expect(asked.sorted() == ["a", "service"])
        // What is in force is not asked for again.
        asked = []
        reload = test.folder.makeBook(checkingTenant: checkTenant, checkingService: checkService)
        #expect(asked.isEmpty && !reload.isChanged)
    }
}
