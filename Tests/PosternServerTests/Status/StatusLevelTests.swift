// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import PosternServer

struct StatusLevelTests {
    @Test(arguments: [
        (101.0, StatusLevel.ok), (100, .warning), (26, .warning), (25, .fault), (0, .fault), (-1e9, .fault), (.infinity, .ok),
    ])
    func `what ends is a warning before its end, and a fault in the last quarter of that time`(
        remaining: Double, level: StatusLevel
    ) {
        #expect(StatusLevel(remaining: remaining, notice: 100) == level)
    }

    @Test func `a list has faults first, then warnings, and counts what it leaves out`() {
        var list = LevelledList<Int>(limit: 4)
        for number in 0..<10 { list.add(.ok, number) }
        #expect(list.listed.map(\.element) == [0, 1, 2, 3])
        list.add(.warning, 10)
        list.add(.fault, 11)
        list.add(.warning, 12)
        #expect(list.listed.map(\.element) == [11, 10, 12, 0])
        #expect(list.listed.map(\.level) == [.fault, .warning, .warning, .ok] && list.count == 13)
        for number in 13..<23 { list.add(.warning, number) }
        #expect(list.listed.map(\.element) == [11, 10, 12, 13])
        for number in 23..<33 { list.add(.fault, number) }
        #expect(list.listed.map(\.element) == [11, 23, 24, 25] && list.count == 33)
        var warnings = LevelledList<Int>(limit: 4)
        for number in 0..<10 { warnings.add(.warning, number) }
        #expect(warnings.listed.map(\.element) == [0, 1, 2, 3])
    }

    @Test func `what needs attention is counted, and its sentences are bounded and printable`() throws {
        var attention = Attention()
        var made = 0
        func sentence(_ text: String) -> String {
            made += 1
            return text
        }
        for number in 0..<100_000 { attention.add(.fault, sentence("fault \(number)"), .keys) }
        attention.add(.warning, sentence("a\u{202E}b" + String(repeating: "e\u{301}", count: 1000)), nil)
        attention.add(.ok, sentence("fine"), nil)
        #expect(made == 21, "sentences that are not listed are not made")
        let json = try JSONValue(parsing: JSONWriter.object { attention.write(to: &$0) })
        let written = try #require(json["attention"])
        #expect(written["faults"]?.integer == 100_000 && written["warnings"]?.integer == 1)
        let items = try #require(written["items"]?.elements)
        #expect(items.count == 20 && items[0]["text"] == .string("fault 0") && items[0]["section"] == .string("keys"))

        var few = Attention()
        few.add(.warning, "a\u{202E}b" + String(repeating: "e\u{301}", count: 1000), nil)
        few.add(.fault, "f", .heldBack)
        let both = try JSONValue(parsing: JSONWriter.object { few.write(to: &$0) })["attention"]?["items"]?.elements
        #expect(both?.map { $0["level"] } == [.string("fault"), .string("warning")])
        let text = try #require(both?.last?["text"]?.string)
        #expect(text.hasPrefix("a\\u{202e}b") && text.unicodeScalars.count < 520 && both?.last?["section"] == .null)
    }
}
