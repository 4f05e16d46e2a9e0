// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct LogSinkTests {
    @Test func `a pipe that is not read drops lines and never blocks the writer`() async throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 64 * 1024)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1023) + [UInt8(ascii: "\n")]
        // A writer that is blocked would never come to the end.
        try await onOwnThread {
            for _ in 0..<10_000 { sink.write(line) }
        }
        // There is room for 64 lines in the sink, for as many on their way, and for what the pipe takes.
        #expect(sink.droppedLines > 9000)
        // The sink's thread still writes to this descriptor: it must never become another test's.
        _ = Unmanaged.passRetained(pipe)
    }

    @Test func `lines are written completely and in order`() async throws {
        let folder = try TemporaryFolder()
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.write("", to: "log")))
        let sink = LogSink(descriptor: file.fileDescriptor)
        for number in 0..<100 { sink.write(Array("line \(number)\n".utf8)) }
        try await onOwnThread { sink.flush(milliseconds: 600_000) }
        let text = String(decoding: try #require(folder.content("log")), as: UTF8.self)
        #expect(text == (0..<100).map { "line \($0)\n" }.joined())
    }
}
