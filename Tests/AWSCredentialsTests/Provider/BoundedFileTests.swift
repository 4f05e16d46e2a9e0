// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AWSCredentials

@Suite struct BoundedFileTests {
    private static func problem(_ path: String) -> FileProblem? {
        do throws(FileProblem) {
            _ = try BoundedFile.read(path)
            return nil
        } catch {
            return error
        }
    }

    @Test("A file is read anew, and bounded") func aFileIsReadAnewAndBounded() throws {
        let path = NSTemporaryDirectory() + "postern-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("one".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try BoundedFile.read(path) == Array("one".utf8))
        try Data("two".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try BoundedFile.read(path) == Array("two".utf8))
        try Data(count: BoundedFile.limit + 1).write(to: URL(fileURLWithPath: path))
        #expect(Self.problem(path) == .tooLarge(limit: BoundedFile.limit))
    }

    @Test("What is no file is told from what is not there, and nobody waits for a pipe") func whatIsNoFileIsToldFromWhat() {
        let path = NSTemporaryDirectory() + "postern-\(UUID().uuidString)"
        defer { unlink(path) }
        #expect(Self.problem(path) == .missing)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(Self.problem(path) == .notRegular)
        #expect(Self.problem("/dev/null") == .notRegular)
        #expect(Self.problem(NSTemporaryDirectory()) == .unreadable("it is a folder"))
    }
}
