// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing

@testable import LocalFiles

struct LocalFolderTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func write(_ text: String, _ name: String) throws {
        try temporary.write(text, to: name)
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
    }

    private func listing(since known: FolderListing? = nil) throws -> FolderListing {
        try LocalFolder(folder).listing(since: known) { $0.first != UInt8(ascii: ".") }
    }

    private func stamp(_ name: String) -> FileStamp { LocalFile("\(folder)/\(name)").stamp }

    @Test func `a folder's entries are listed with the stamps of their targets`() throws {
        for name in ["a", ".b", "c\u{e9}"] { try write("x", name) }
        try FileManager.default.createDirectory(atPath: "\(folder)/folder", withIntermediateDirectories: true)
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        for (name, target) in [("to-folder", "folder"), ("to-file", "a"), ("to-nothing", "none"), ("circle", "circle")] {
            try link(name, to: target)
        }
        let listing = try listing()
        let names = listing.indices.map { listing.name(at: $0) }
        let kinds = Dictionary(uniqueKeysWithValues: zip(names, listing.stamps.map(\.kind)))
        #expect(
            kinds == [
                "a": .regular, "c\u{e9}": .regular, "folder": .folder, "pipe": .other, "to-folder": .folder, "to-file": .regular,
                "to-nothing": .missing, "circle": .unreadable,
            ])
        let links = listing.indices.filter { listing.isLink(at: $0) }.map { listing.name(at: $0) }
        #expect(links.sorted() == ["circle", "to-file", "to-folder", "to-nothing"])
        for index in listing.indices { #expect(listing.stamps[index] == stamp(listing.name(at: index))) }
        #expect(try listing == self.listing())
    }

    @Test func `a folder that has not changed is not read again, and its files are asked for their stamps`() throws {
        for name in ["a", "b"] { try write("x", name) }
        let first = try listing()
        try write("longer", "a")
        // The tests' own writer replaces the file, so the folder changes; this does not.
        let changed = try listing()
        let handle = try #require(FileHandle(forWritingAtPath: "\(folder)/b"))
        handle.write(Data("even longer".utf8))
        try handle.close()
        let known = try listing(since: changed)
        #expect(known.hasSameNames(as: changed) && known.folder == changed.folder)
        for index in known.indices {
            #expect((known.stamps[index] != changed.stamps[index]) == (known.name(at: index) == "b"))
        }
        // Another folder's listing is of no use, nor is one from before a change.
        let other = try TemporaryFolder()
        try other.write("x", to: "z")
        let listingOfOther = try LocalFolder(other.path).listing { _ in true }
        #expect(try listing(since: listingOfOther) == known)
        try write("new", "c")
        #expect(try listing(since: first).indices.count == 3)
        #expect(!(try listing(since: first).hasSameNames(as: first)))
    }

    @Test func `a file has another stamp after each change`() throws {
        try write("one", "file")
        try link("link", to: "file")
        var seen = [stamp("file")]
        #expect(seen[0].kind == .regular && seen[0].size == 3 && seen[0] == stamp("link"))
        func expectChange(_ what: Comment) {
            #expect(!seen.contains(stamp("file")), what)
            #expect(stamp("link") == stamp("file"))
            seen.append(stamp("file"))
        }
        try write("longer", "file")
        expectChange("another size")
        try write("longer", "other")
        #expect(rename("\(folder)/other", "\(folder)/file") == 0)
        expectChange("another inode")
        try FileManager.default.setAttributes([.modificationDate: Date.newYear2026], ofItemAtPath: "\(folder)/file")
        expectChange("another time")
        #expect(stamp("file").modified == 1_767_225_600_000_000_000)
        try FileManager.default.removeItem(atPath: "\(folder)/file")
        #expect(stamp("file") == FileStamp(kind: .missing) && stamp("link").kind == .missing && stamp("file/x").kind == .missing)
    }

    @Test func `a stamp is racy while the file may change again without another stamp`() {
        var stamp = FileStamp(kind: .regular)
        let time = Date.newYear2026
        func isRacy(modified: Double, changed: Double) -> Bool {
            stamp.modified = Int64((time.timeIntervalSince1970 + modified) * 1e9)
            stamp.changed = Int64((time.timeIntervalSince1970 + changed) * 1e9)
            return stamp.isRacy(at: time)
        }
        #expect(!isRacy(modified: -2.1, changed: -3))
        #expect(isRacy(modified: -1.9, changed: -3))
        // Programs that copy files set the first.
        #expect(isRacy(modified: -1000, changed: -1))
        #expect(isRacy(modified: 3600, changed: -1000))
    }

    @Test func `a resolved path has no links`() throws {
        try write("x", "a/b/file")
        try link("to-a", to: "a")
        try link("to-file", to: "to-a/b/../b/file")
        let root = try LocalFile(folder).resolvedPath()
        #expect(try LocalFile("\(folder)/to-file").resolvedPath() == root + "/a/b/file")
        #expect(try LocalFile("\(folder)/to-a/").resolvedPath() == root + "/a")
        #expect(throws: FileReadError.notFound) { try LocalFile("\(folder)/none").resolvedPath() }
        #expect(throws: FileReadError.notFound) { try LocalFile("\(folder)\0").resolvedPath() }
        try link("circle", to: "circle")
        #expect(throws: FileReadError.symbolicLinkLoop) { try LocalFile("\(folder)/circle").resolvedPath() }
    }

    @Test func `listing something that is not a folder fails`() throws {
        try write("x", "file")
        for (name, expected) in [("file", FileReadError.notFolder), ("none", .notFound), ("none\0", .notFound)] {
            #expect(throws: expected) { try LocalFolder("\(folder)/\(name)").listing { _ in true } }
        }
    }
}
