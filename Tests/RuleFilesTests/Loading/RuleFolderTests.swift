// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import UploadRules
import UserAuth

@testable import RuleFiles

/// What a look finds as files and folders change.
struct RuleFolderTests {
    private static func tenant(_ id: String, keys: [String] = ["cms"]) -> String { FolderUnderTest.tenant(id, keys: keys) }

    private static func two() throws -> FolderUnderTest {
        try FolderUnderTest(["a.yaml": tenant("a"), "b.yaml": tenant("b")])
    }

    // MARK: Readings

    @Test func `files that have not changed are not read`() throws {
        var test = try Self.two()
        for _ in 0..<3 { #expect(test.look() == .unchanged) }
        #expect(test.system.takeReads() == [])
        test.system.write(Self.tenant("a", keys: ["cms", "app"]), to: "t/a.yaml")
        #expect(test.look() == .unsettled)
        #expect(test.look() == .settled)
        #expect(test.system.takeReads() == ["t/a.yaml"])
        #expect(test.folder.problem == nil)
    }

    @Test func `what has changed counts until a book is made of it`() throws {
        var test = try Self.two()
        test.system.write(Self.tenant("c"), to: "t/c.yaml")
        #expect(test.look() == .unsettled)
        #expect(test.look() == .settled && test.look() == .settled)
        let reload = test.reload()
        #expect(reload.added == ["c"] && reload.changed.isEmpty && reload.removed.isEmpty && reload.isChanged)
        #expect(test.tenants == ["a", "b", "c"] && test.look() == .unchanged)
    }

    @Test func `a half-written file does not count`() throws {
        var test = try Self.two()
        let whole = Self.tenant("a", keys: ["cms", "app", "web"])
        for part in [40, 80, 120] {
            test.system.write(String(whole.prefix(part)), to: "t/a.yaml")
            #expect(test.look() == .unsettled)
        }
        test.system.write(whole, to: "t/a.yaml")
        #expect(test.look() == .unsettled)
        #expect(test.look() == .settled)
        let reload = test.reload()
        #expect(reload.heldBack.isEmpty && reload.changed == ["a"])
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["cms", "app", "web"])
    }

    @Test func `a file that is again as it was is no change`() throws {
        var test = try Self.two()
        test.system.write("tenant: a\n", to: "t/a.yaml")
        #expect(test.look() == .unsettled)
        test.system.write(Self.tenant("a"), to: "t/a.yaml")
        #expect(test.look() == .unchanged && test.look() == .unchanged)
    }

    @Test func `a file that is written without a change is no change`() throws {
        var test = try Self.two()
        test.system.replace("t/a.yaml", with: Self.tenant("a"))
        #expect(test.look() == .unchanged)
        #expect(test.system.takeReads() == ["t/a.yaml"])
    }

    @Test func `a file that was written just now is read again, although its stamp is the same`() throws {
        var test = try Self.two()
        test.system.write(Self.tenant("a", keys: ["one"]), to: "t/a.yaml")
        let stamp = test.system.files.stamp("t/a.yaml")
        #expect(test.look(after: .milliseconds(1)) == .unsettled)
        // As another program may at the same time by the file system's clock.
        test.system.rewrite(Self.tenant("a", keys: ["two"]), at: "t/a.yaml")
        #expect(test.system.files.stamp("t/a.yaml") == stamp)
        #expect(test.look(after: .milliseconds(200)) == .unsettled)
        #expect(test.look(after: .milliseconds(200)) == .settled)
        _ = test.reload()
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["two"])
    }

    @Test func `a file that was written just before the start is read again`() throws {
        let system = MemoryFileSystem(["t/a.yaml": Self.tenant("a", keys: ["one"])])
        var (_, folder) = RuleFolder.load("t", service: ServiceSettings(), at: system.now, files: system.files)
        system.rewrite(Self.tenant("a", keys: ["two"]), at: "t/a.yaml")
        system.advance(by: .seconds(5))
        #expect(folder.look(at: system.now) == .unsettled)
        #expect(folder.look(at: system.now) == .settled)
    }

    @Test func `on demand all files are read, whatever their stamps say`() throws {
        var test = try Self.two()
        test.system.rewrite(Self.tenant("a", keys: ["new"]), at: "t/a.yaml")
        #expect(test.look() == .unchanged)
        #expect(test.look(everything: true) == .unsettled)
        #expect(test.system.takeReads().sorted() == ["t/a.yaml", "t/b.yaml"])
        #expect(test.look() == .settled)
    }

    @Test func `a file that changes all the time holds no other one back`() throws {
        var test = try Self.two()
        test.system.write(Self.tenant("b", keys: ["new"]), to: "t/b.yaml")
        var looks: [RuleFolder.Look] = []
        for round in 0..<12 where looks.last != .settled {
            test.system.write(Self.tenant("a", keys: ["k\(round)"]), to: "t/a.yaml")
            looks.append(test.look(after: .milliseconds(200)))
        }
        #expect(looks == Array(repeating: .unsettled, count: 9) + [.settled])
        let reload = test.folder.makeBook()
        #expect(reload.changed == ["b"] && reload.heldBack.isEmpty)
        // At rest.
        #expect(test.look() == .settled)
        #expect(test.folder.makeBook().changed == ["a"])
    }

    // MARK: Edits

    @Test func `a file can be replaced by another one, older too`() throws {
        var test = try Self.two()
        test.system.replace("t/a.yaml", with: Self.tenant("a", keys: ["new"]))
        #expect(test.reload().changed == ["a"])
        // As `git checkout` and `mv` do it.
        test.system.write(Self.tenant("a", keys: ["old"]), to: "a.old")
        test.system.advance(by: .seconds(3600))
        #expect(test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["newer"])]).changed == ["a"])
        test.system.move("a.old", to: "t/a.yaml")
        #expect(test.reload().changed == ["a"])
        #expect(try test.file(of: "a").apiKeys.map(\.id) == ["old"])
    }

    @Test func `files come and go`() throws {
        var test = try Self.two()
        let reload = test.reload(
            writing: ["c.yaml": Self.tenant("c"), "README.md": "x", ".b.yaml.swp": "x"], removing: ["a.yaml"])
        #expect(reload.added == ["c"] && reload.removed == ["a"] && reload.changed.isEmpty && reload.heldBack.isEmpty)
        #expect(test.tenants == ["b", "c"])
        test.system.move("t/c.yaml", to: "t/d.yaml")
        #expect(test.reload().heldBackNames == ["d.yaml (not served)"])
        #expect(test.tenants == ["b"])
    }

    @Test func `a folder that is gone, empty or unreadable is no edit`() throws {
        var test = try Self.two()
        let advice = "check its path and permissions"
        let before = test.book.digest
        test.system.setReadable(false, "t")
        #expect(test.look() == .unchanged && test.look() == .unchanged)
        #expect(
            test.folder.problem?.description == "t: the folder of rule files cannot be read: permission denied; \(advice)")
        test.system.setReadable(true, "t")
        #expect(test.look() == .unchanged && test.folder.problem == nil)

        test.system.move("t", to: "away")
        #expect(test.look() == .unchanged)
        #expect(
            test.folder.problem?.message == "the folder of rule files cannot be read: there is no such file or folder")
        test.system.makeFolder("t")
        #expect(test.look() == .unchanged && test.look() == .unchanged)
        #expect(
            test.folder.problem?.description
                == "t: there are no rule files in this folder; add one named <tenant>.yaml, such as acme.yaml")
        test.system.write("tenant: a\n", to: "t/a.yml")
        test.system.makeFolder("t/b.yaml")
        #expect(test.look() == .unchanged && test.look() == .unchanged && test.folder.problem != nil)
        test.system.remove("t")
        test.system.write("x", to: "t")
        #expect(test.look() == .unchanged)
        #expect(test.folder.problem?.message == "the folder of rule files cannot be read: it is not a folder")

        test.system.remove("t")
        test.system.move("away", to: "t")
        #expect(test.look() == .unchanged && test.folder.problem == nil)
        #expect(test.folder.makeBook().book.digest == before)
    }

    @Test func `after a gap two readings in a row must agree again`() throws {
        var test = try Self.two()
        test.system.write(Self.tenant("c"), to: "t/c.yaml")
        #expect(test.look() == .unsettled)
        test.system.setReadable(false, "t")
        #expect(test.look() == .unsettled && test.folder.problem != nil)
        test.system.setReadable(true, "t")
        #expect(test.look() == .unsettled)
        #expect(test.look() == .settled)
    }

    @Test func `the service-wide file is looked at although the folder is gone`() throws {
        var test = try FolderUnderTest(["a.yaml": Self.tenant("a")], service: FolderUnderTest.service(["login"]))
        test.system.setReadable(false, "t")
        test.system.write(FolderUnderTest.service([]), to: "postern.yaml")
        #expect(test.look() == .unsettled)
        #expect(test.look() == .settled && test.folder.problem != nil)
        let reload = test.folder.makeBook()
        #expect(reload.isServiceChanged && reload.service.issuers.isEmpty && reload.book.tenants.map(\.id) == ["a"])
    }

    // MARK: Links

    @Test func `Kubernetes changes a volume by moving one link`() throws {
        let system = MemoryFileSystem(["t/..1/a.yaml": Self.tenant("a"), "t/..1/b.yaml": Self.tenant("b")])
        system.link("t/..data", to: "..1")
        for name in ["a", "b"] { system.link("t/\(name).yaml", to: "..data/\(name).yaml") }
        var test = try FolderUnderTest(system, path: "t")
        #expect(test.tenants == ["a", "b"] && test.look() == .unchanged)
        system.write(Self.tenant("a"), to: "t/..2/a.yaml")
        system.write(Self.tenant("b", keys: ["new"]), to: "t/..2/b.yaml")
        system.link("t/..data_tmp", to: "..2")
        system.move("t/..data_tmp", to: "t/..data")
        system.remove("t/..1")
        let before = try test.file(of: "a")
        #expect(test.reload().changed == ["b"])
        #expect(try test.file(of: "b").apiKeys.map(\.id) == ["new"])
        #expect(try test.file(of: "a") === before)
    }

    @Test func `git-sync moves the folder's link`() throws {
        let system = MemoryFileSystem(["git/1/t/a.yaml": Self.tenant("a"), "git/1/t/b.yaml": Self.tenant("b")])
        system.link("git/now", to: "1")
        var test = try FolderUnderTest(system, path: "git/now/t")
        system.write(Self.tenant("a"), to: "git/2/t/a.yaml")
        system.write(Self.tenant("c"), to: "git/2/t/c.yaml")
        system.link("git/new", to: "2")
        system.move("git/new", to: "git/now")
        system.remove("git/1")
        let reload = test.reload()
        #expect(reload.added == ["c"] && reload.removed == ["b"] && reload.changed.isEmpty)
        #expect(try test.file(of: "c").path == "git/now/t/c.yaml")
    }

    @Test func `a rule file is in the folder, not only a link to it`() throws {
        let system = MemoryFileSystem([
            "t/a.yaml": Self.tenant("a"), "t/in/b.yaml": Self.tenant("b"), "out/c.yaml": Self.tenant("c"),
        ])
        system.link("t/b.yaml", to: "in/b.yaml")
        var test = try FolderUnderTest(system, path: "t")
        #expect(test.tenants == ["a", "b"])
        system.link("t/c.yaml", to: "../out/c.yaml")
        // The same content, from outside.
        system.write(Self.tenant("a"), to: "tt/a.yaml")
        system.link("t/a.yaml", to: "../tt/a.yaml")
        let reload = test.reload()
        #expect(reload.heldBackNames == ["a.yaml", "c.yaml (not served)"])
        let problem =
            "t/c.yaml: it is a link to “out/c.yaml”, which is outside of the folder of rule files; put the file itself into the folder"
        #expect(reload.problems(of: "t/c.yaml") == [problem])
        #expect(RuleFileCheck("t", service: nil, files: system.files).problems.map(\.description).contains(problem))
        system.remove("t/a.yaml")
        system.write(Self.tenant("a"), to: "t/a.yaml")
        system.remove("t/c.yaml")
        #expect(test.reload().heldBack.isEmpty)
    }

    @Test func `a link that leads out of the folder since the folder has moved is found`() throws {
        let system = MemoryFileSystem(["git/1/t/a.yaml": Self.tenant("a"), "git/1/t/in/b.yaml": Self.tenant("b")])
        system.link("git/1/t/b.yaml", to: "/git/1/t/in/b.yaml")
        system.link("git/now", to: "1")
        system.move("git", to: "/git")
        var test = try FolderUnderTest(system, path: "/git/now/t")
        #expect(test.tenants == ["a", "b"])
        system.write(Self.tenant("a"), to: "/git/2/t/a.yaml")
        system.link("/git/2/t/b.yaml", to: "/git/1/t/in/b.yaml")
        system.link("/git/now", to: "2")
        #expect(test.reload().heldBackNames == ["b.yaml"])
    }

    // MARK: Other files

    @Test func `a file that became unreadable, a pipe or a broken link is held back, and a folder is no file`() throws {
        let names = ["a", "b", "c", "d", "e"]
        var test = try FolderUnderTest(Dictionary(uniqueKeysWithValues: names.map { ("\($0).yaml", Self.tenant($0)) }))
        test.system.setReadable(false, "t/a.yaml")
        test.system.write(Self.tenant("a"), to: "t/a.yaml")
        test.system.setReadable(false, "t/a.yaml")
        test.system.makePipe("t/b.yaml")
        test.system.link("t/c.yaml", to: "nowhere")
        test.system.makeFolder("t/d.yaml")
        let reload = test.reload()
        #expect(reload.heldBackNames == ["a.yaml", "b.yaml", "c.yaml"] && reload.removed == ["d"])
        #expect(test.tenants == ["a", "b", "c", "e"])
        #expect(
            reload.heldBack.flatMap(\.problems).map(\.message) == [
                "the file cannot be read: permission denied", "the file cannot be read: it is not a regular file",
                "the file cannot be read: there is no such file or folder",
            ])
    }

    @Test func `a file that got a wrong name keeps its tenant's rules in force`() throws {
        var test = try Self.two()
        test.system.move("t/a.yaml", to: "t/a.yml")
        test.system.write("x", to: "t/New.YAML")
        test.system.write("x", to: "t/B_1.yaml")
        var reload = test.reload()
        #expect(reload.heldBackNames == ["B_1.yaml (not served)", "New.YAML (not served)", "a.yml"])
        #expect(test.tenants == ["a", "b"] && !reload.isChanged)
        #expect(reload.problems(of: "t/a.yml") == ["t/a.yml: the name of a rule file must end in .yaml; rename it to a.yaml"])
        // The right name counts again; what has the wrong one stays a problem.
        reload = test.reload(writing: ["a.yaml": Self.tenant("a", keys: ["new"])], removing: ["New.YAML", "B_1.yaml"])
        #expect(reload.heldBackNames == ["a.yml"] && reload.changed == ["a"])
        reload = test.reload(writing: [:], removing: ["a.yml"])
        #expect(reload.heldBack.isEmpty && test.tenants == ["a", "b"])
        test.system.move("t/a.yaml", to: "t/a.yml")
        #expect(test.reload().removed.isEmpty)
        #expect(test.reload(writing: [:], removing: ["a.yml"]).removed == ["a"])
    }
}
