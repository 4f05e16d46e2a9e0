// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import DevStore

@Suite(.timeLimit(.minutes(5)))
struct PosixFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `a written file has all its bytes`() throws {
        let path = folder.path + "/new"
        let bytes = [UInt8](repeating: 7, count: 300_000)
        let descriptor = try PosixFile.create(path)
        try PosixFile.write(bytes[...], to: descriptor)
        try PosixFile.write([], to: descriptor)
        try PosixFile.write(bytes[10..<20], to: descriptor)
        try PosixFile.close(descriptor)
        #expect(folder.content("new") == bytes + bytes[10..<20])
        let opened = try PosixFile.openForReading(path)
        #expect(opened.size == 300_010)
        try PosixFile.close(opened.descriptor)
    }

    @Test func `a write that fails throws, and does not try forever`() async throws {
        let path = try folder.write("old", to: "file")
        try await onOwnThread {
            let (descriptor, _) = try PosixFile.openForReading(path)
            defer { try? PosixFile.close(descriptor) }
            let failure = #expect(throws: SystemCallError.self) { try PosixFile.write([1], to: descriptor) }
            #expect(failure?.call == "write")
        }
        #expect(folder.content("file") == Array("old".utf8))
    }

    @Test func `each call says what failed`() throws {
        let path = try folder.write("old", to: "file")
        let existing = #expect(throws: SystemCallError.self) { try PosixFile.create(path) }
        #expect(existing?.call == "open")
        let missing = #expect(throws: SystemCallError.self) { try PosixFile.openForReading(path + ".missing") }
        #expect(missing?.call == "open")
        let moved = #expect(throws: SystemCallError.self) { try PosixFile.rename(path + ".missing", to: path) }
        #expect(moved?.call == "rename")
        #expect(folder.content("file") == Array("old".utf8))
        PosixFile.remove(path + ".missing")
        PosixFile.remove(path)
        #expect(folder.content("file") == nil)
    }
}
