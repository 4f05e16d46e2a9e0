// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PosternServer

struct LogSinkTests {
    @Test func anUnreadPipeDropsLinesAndNeverBlocksTheWriter() {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 64 * 1024)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1023) + [UInt8(ascii: "\n")]
        let clock = ContinuousClock()
        let took = clock.measure {
            for _ in 0..<10_000 { sink.write(line) }
        }
        #expect(took < .seconds(5))
        #expect(sink.droppedLines > 0)
        // The sink's thread still writes to this descriptor: it must never become another test's.
        _ = Unmanaged.passRetained(pipe)
    }

    @Test func linesComeOutWholeAndInOrder() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<100 { sink.write(Array("line \(number)\n".utf8)) }
        sink.flush(milliseconds: 2000)
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text == (0..<100).map { "line \($0)\n" }.joined())
    }
}
