// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import postern

struct QRCodeTests {
    /// Reads a code again, by the tables of ISO/IEC 18004 written down anew: every module that is not of a pattern, without its mask.
    private func text(in code: QRCode) -> String? {
        func isPattern(_ row: Int, _ column: Int) -> Bool {
            (row < 9 && column < 9) || (row < 9 && column > 20) || (row > 20 && column < 9) || row == 6 || column == 6
                || ((20...24).contains(row) && (20...24).contains(column))
        }
        var bits: [Bool] = []
        for (turn, right) in [28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 5, 3, 1].enumerated() {
            for row in turn % 2 == 0 ? Array((0..<29).reversed()) : Array(0..<29) {
                for column in [right, right - 1] where !isPattern(row, column) {
                    bits.append(code.modules[row][column] != ((row + column) % 2 == 0))
                }
            }
        }
        func number(_ range: Range<Int>) -> Int { bits[range].reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
        guard bits.count == 70 * 8 + 7, number(0..<4) == 4 else { return nil }
        let count = number(4..<12)
        return String(decoding: (0..<count).map { UInt8(number(12 + 8 * $0..<20 + 8 * $0)) }, as: UTF8.self)
    }

    @Test func `a code has its text`() throws {
        for address in ["http://192.168.1.5:8080/", "http://255.255.255.255:65535/", "", String(repeating: "x", count: 42)] {
            #expect(text(in: try #require(QRCode(address))) == address)
        }
        #expect(QRCode(String(repeating: "x", count: 43)) == nil)
    }

    @Test func `the text for terminals has all modules and a margin of four`() throws {
        let code = try #require(QRCode("http://192.168.1.5:8080/"))
        let lines = code.terminalText.split(separator: "\n").map {
            $0.dropFirst("\u{1B}[30;107m".count).dropLast("\u{1B}[0m".count)
        }
        #expect(lines.count == 19 && lines.allSatisfy { $0.count == 37 })
        #expect(lines[0].allSatisfy { $0 == " " } && lines[2].hasPrefix("    █▀▀▀▀▀█ "))
    }
}
