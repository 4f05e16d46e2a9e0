// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PosternTestSupport
import Testing
import WireFormats

struct ObjectFolderTests {
    private let place: TemporaryFolder
    private let folder: ObjectFolder

    init() throws {
        place = try TemporaryFolder()
        folder = try ObjectFolder(path: place.path, buckets: ["bucket"])
    }

    private func put(_ key: String, _ content: String) throws {
        let upload = try folder.beginUpload()
        try upload.append(Array(content.utf8)[...])
        let summary = try upload.finish()
        let record = ObjectRecord(
            bucket: "bucket",
            key: key,
            size: summary.size,
            etag: "\"\(summary.md5)\"",
            lastModified: Date.january2027,
            headers: ["content-type": "text/plain"]
        )
        try folder.commit(upload, as: record)
    }

    private func content(_ key: String) throws -> String? {
        guard let object = try folder.object(bucket: "bucket", key: key) else { return nil }
        #expect(object.record.key.utf8.elementsEqual(key.utf8))
        return FileManager.default.contents(atPath: object.path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `an object is stored under its key with its record, and a later one replaces it`() throws {
        try put("images/u1/a.txt", "one")
        #expect(place.content("bucket/images/u1/a.txt") == Array("one".utf8))
        #expect(
            try folder.object(bucket: "bucket", key: "images/u1/a.txt")?.record.etag == "\"f97c5d29941bfb1b2fdab0874906ab82\"")
        try put("images/u1/a.txt", "two")
        #expect(try content("images/u1/a.txt") == "two")
        #expect(try content("images/u1/b.txt") == nil)
        #expect(try content("images/u1") == nil)
        #expect(try content("images/u1/a.txt/x") == nil)
    }

    @Test func `keys with dots, slashes, escapes or controls are files of their own inside the folder`() throws {
        let keys = [
            "../../../../tmp/evil", "/etc/passwd", "a/../../b", "./x", "a//b", "a/b", "%2e%2e/x", "../x", "\0", "a\nb", ".", "..",
            "...",
            ".postern/uploads/x", "é", "e\u{301}", String(repeating: "x/", count: 500), String(repeating: "y", count: 1024),
        ]
        for (index, key) in keys.enumerated() { try put(key, "\(index)") }
        for (index, key) in keys.enumerated() { #expect(try content(key) == "\(index)", "\(key)") }
        #expect(place.objects().count == keys.count)
        #expect(place.objects().allSatisfy { $0.hasPrefix("bucket/") })
    }

    @Test func `an object whose key is also the folder of another key has its own bytes, in either order`() throws {
        try put("a", "object")
        try put("a/b", "inside")
        try put("a/b/c", "deeper")
        #expect(try content("a") == "object")
        #expect(try content("a/b") == "inside")
        #expect(try content("a/b/c") == "deeper")
        try put("a", "object again")
        #expect(try content("a") == "object again")
        try put("p/q", "inside")
        try put("p", "object")
        try put("p/", "slash")
        #expect(try content("p") == "object")
        #expect(try content("p/") == "slash")
        #expect(try content("p/q") == "inside")
        #expect(try content("a/%object") == nil)
    }

    @Test func `a dropped upload leaves no file, and leftovers of a dead process are removed at the start`() throws {
        do {
            let upload = try folder.beginUpload()
            try upload.append([1, 2, 3])
            #expect(place.files().count == 1)
        }
        #expect(place.files().isEmpty)
        let stale = place.path + "/.postern/uploads/stale"
        #expect(FileManager.default.createFile(atPath: stale, contents: Data([1])))
        try put("kept", "x")
        let reopened = try ObjectFolder(path: place.path, buckets: ["bucket", "other"])
        #expect(!FileManager.default.fileExists(atPath: stale))
        #expect(try reopened.object(bucket: "bucket", key: "kept") != nil)
    }

    /// The sums of "abc", as Python's hashlib and zlib give them; CRC-32C and CRC-64/NVME by a bitwise division.
    @Test(arguments: [
        (StoreChecksum.md5, "900150983cd24fb0d6963f7d28e17f72"), (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), (.crc32, "352441c2"),
        (.crc32c, "364b3fb7"),
        (.crc64nvme, "05e5cabb3fc1faeb"),
    ])
    func `an upload has its size, its MD5 and the checksum that was asked for`(kind: StoreChecksum, sum: String) throws {
        let upload = try folder.beginUpload(checksum: kind)
        for piece in ["ab", "", "c"] { try upload.append(Array(piece.utf8)[...]) }
        let summary = try upload.finish()
        #expect(summary.size == 3)
        #expect(summary.md5 == "900150983cd24fb0d6963f7d28e17f72")
        #expect(summary.checksum?.hexadecimal == sum)
        #expect(summary.checksum?.count == kind.size)
    }

    @Test func `an upload has no checksum that was not asked for`() throws {
        #expect(try folder.beginUpload().finish().checksum == nil)
    }
}
