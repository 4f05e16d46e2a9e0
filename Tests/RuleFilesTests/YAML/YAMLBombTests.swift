// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing

@testable import RuleFiles
@testable import UploadRules

struct YAMLBombTests {
    /// Aliases that take 11.5 s and 2 GB where they are resolved.
    private static let aliases =
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + zip("bcdefgh", "abcdefg").map { name, last in
            "\(name): &\(name) [\(Array(repeating: "*\(last)", count: 9).joined(separator: ","))]\n"
        }.joined()

    private static func nested(_ open: String, _ close: String, _ count: Int) -> String {
        String(repeating: open, count: count) + String(repeating: close, count: count)
    }

    static let bombs: [String] = [
        aliases,
        nested("[", "]", 400), nested("{a: ", "}", 400), nested("[", "", 260_000), nested("{", "", 260_000),
        nested("- ", "", 130_000), nested("? ", "", 130_000), nested("[? ", "", 60_000), nested("[a: ", "]", 40_000),
        (0..<400).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        (0..<400).map { String(repeating: " ", count: $0) + "-\n" }.joined(),
        nested("&a ", "", 80_000), nested("- &a ", "", 50_000), nested("!t ", "", 80_000), nested("&a - ", "", 50_000),
        nested("!t [", "]", 40_000), nested("*a ", "", 80_000), nested("[*a, ", "]", 40_000), nested("'", "", 260_000),
        nested("a: b\n", "", 50_000), nested("a", "", 260_000), nested("a: |\n", "", 50_000), nested("--- ", "", 60_000),
        nested("%\n", "", 130_000), nested("\n", "", 260_000), nested(" ", "", 260_000), nested("a:", "", 130_000),
        nested("[a,", "]", 16) + nested("x, ", "", 50_000), "[" + nested("a: b, ", "", 40_000) + "]",
        (0..<30_000).map { "k\($0): v\n" }.joined(),
        nested("\u{E9}", "", 120_000), nested("\"\\x41\": a\n", "", 20_000), nested("- - - - - - - - a\n", "", 13_000),
    ]

    /// 32 KiB that nobody would find odd.
    private static let plain = (0..<1300).map { "key\($0):\n  - \"value \($0)\"\n" }.joined().prefix(32 * 1024)

    @Test(.timeLimit(.minutes(5)), arguments: bombs.indices)
    func `no file takes unusually long to read, even on a small stack`(index: Int) async {
        let bytes = Array(Self.bombs[index].utf8)
        let usual = await Self.cost(of: Array(Self.plain.utf8)) * max(1, Double(bytes.count) / Double(Self.plain.utf8.count))
        // Compared on this machine, as slow as it is just now: six times at most. Resolving aliases takes 400 times as long.
        #expect(await Self.cost(of: bytes) < 20 * usual)
    }

    /// The seconds of the processor's time that reading takes, on a thread of its own with a small stack.
    private static func cost(of bytes: [UInt8]) async -> Double {
        await withCheckedContinuation { (done: CheckedContinuation<Double, Never>) in
            let thread = Thread {
                _ = YAMLReader.read(bytes)
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                done.resume(returning: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
    }

    @Test(
        arguments: [
            { nested("[", "]", $0) },
            { nested("{a: ", "}", $0) },
            { nested("- ", "", $0) },
            { (0..<$0).map { String(repeating: " ", count: $0) + "a:\n" }.joined() + String(repeating: " ", count: $0) + "b" },
            // Lists in the column of their keys: half of the levels show in no indentation.
            { count in
                "a:\n" + (1..<count / 2).map { String(repeating: "  ", count: $0 - 1) + "- a:\n" }.joined()
                    + String(repeating: "  ", count: count / 2 - 1) + (count % 2 == 1 ? "- [b]" : "- b")
            },
            { count in nested("[a: ", "]", count / 2).replacing("a: ]", with: count % 2 == 1 ? "a: []]" : "a: ]") },
        ] as [@Sendable (Int) -> String])
    func `16 levels are accepted, and 17 are not`(make: @Sendable (Int) -> String) throws {
        let (root, findings) = YAMLReader.read(Array(make(16).utf8))
        #expect(findings == [])
        #expect(try #require(root).depth == 16)
        let deeper = YAMLReader.read(Array(make(17).utf8)).findings
        #expect(deeper.map(\.message) == ["there are more than 16 levels of nesting"])
    }

    @Test(arguments: 0..<8)
    func `random files are never read as deep trees`(seed: Int) {
        let pieces = [
            "a", "b: ", "- ", "[", "]", "{", "}", ", ", ": ", "\n", "\n  ", "\n    ", " ", "&x ", "*x", "!t ", "'", "\"", "\\",
            " # c\n", "|\n", ">-\n", "|2\n", "? ", "---\n", "...\n", "%T\n", "é", "~", "k:\n  - z\n", "k:\n- z\n", "\r\n", "\t",
            "@",
        ]
        var generator = SplitMix64(seed: UInt64(seed))
        for _ in 0..<1500 {
            let text = (0..<Int.random(in: 1...40, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined()
            let (root, findings) = YAMLReader.read(Array(text.utf8))
            #expect((root?.depth ?? 0) <= YAMLLimits.depth, "\(text.debugDescription)")
            #expect(root != nil || !findings.isEmpty, "\(text.debugDescription)")
        }
    }
}
