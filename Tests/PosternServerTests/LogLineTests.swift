// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import WireFormats

@testable import PosternServer

struct LogLineTests {
    private let time = Date(timeIntervalSince1970: 1_767_225_600.123)

    @Test func `a JSON line is one object, whatever its values are`() throws {
        var line = LogLine(.json, at: time, level: .info, message: "ticket issued")
        line.add("key", "a\nb\r\u{0}\"\\\u{2028}é")
        line.add("maxSize", 5)
        let bytes = line.finish()
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
        guard case .object(let object) = try JSONValue(parsing: bytes) else {
            Issue.record("not an object")
            return
        }
        #expect(object["time"] == .string("2026-01-01T00:00:00.123Z"))
        #expect(object["key"] == .string("a\nb\r\u{0}\"\\\\u{2028}é"))
    }

    @Test(arguments: [LogFormat.json, .text])
    func `a number in the metadata of swift-log is a number in JSON`(format: LogFormat) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "log")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let sink = LogSink(descriptor: file.fileDescriptor)
        let handler = LineLogHandler(label: "test", sink: sink, format: format, threshold: LogThreshold(.info))
        let logger = Logger(label: "test") { _ in handler }
        logger.notice("m", metadata: ["count": .stringConvertible(-5), "text": "5", "key \"": .stringConvertible(7)])
        try await onOwnThread { sink.flush(milliseconds: 600_000) }
        let text = try #require(folder.content("log")).split(separator: UInt8(ascii: "\n"))
        let line = String(decoding: try #require(text.first), as: UTF8.self)
        switch format {
        case .json: #expect(line.hasSuffix(#""logger":"test","count":-5,"key \"":7,"text":"5"}"#))
        case .text: #expect(line.hasSuffix(#" m logger=test count=-5 key "=7 text=5"#))
        }
    }

    @Test(arguments: ["a\nb", "a\r\nlevel=ERROR", "\u{1b}[31mred", "a b", "", "\u{202e}txt", "q\"uote"])
    func `a text line is one line without controls`(_ value: String) {
        var line = LogLine(.text, at: time, level: .info, message: "m")
        line.add("key", value)
        let bytes = line.finish()
        #expect(bytes.last == UInt8(ascii: "\n"))
        let text = String(decoding: bytes.dropLast(), as: UTF8.self)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e })
    }
}
