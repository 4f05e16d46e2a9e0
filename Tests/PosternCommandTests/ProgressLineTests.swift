// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import postern

struct ProgressLineTests {
    private let line = ProgressLine(
        sent: 450_000_000, total: 1_073_741_824, ended: 1, files: 3, rate: 104_857_600, name: "film-of-the-summer.mp4")

    @Test func `it has a bar, bytes, rate, time left, files and a name`() {
        #expect(
            line.text(width: 120)
                == "[========            ]   41 %  429.1 MiB of 1.0 GiB  100.0 MiB/s  6 s left  1 of 3 files  film-of-the-summer.mp4"
        )
    }

    @Test func `it is never as wide as the terminal`() {
        var line = line
        for name in [
            "a", "film-of-the-summer.mp4", "ファイル名ファイル名ファイル名.mp4", "a\u{1B}[31m\r\n.txt", String(repeating: "e\u{301}", count: 90),
        ] {
            line.name = name
            for width in 1...160 {
                let text = line.text(width: width)
                let columns = text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x1100 && $1.value != 0x2026 ? 2 : 1) }
                #expect(columns < max(width, 1), "\(width): \(text)")
                #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
            }
        }
    }

    @Test func `a long name keeps its beginning and its ending`() {
        var line = line
        line.name = "a-film-of-the-summer-that-never-ends.mp4"
        let text = line.text(width: 120)
        #expect(text.contains("  a-film-o") && text.contains("…") && text.hasSuffix("ends.mp4"))
    }

    @Test(
        arguments: [
            (0, 0, nil, "[                    ]    0 %  0 B of 0 B"),
            (5, 5, 10, "[====================]  100 %  5 B of 5 B  10 B/s"),
            (1023, 1 << 30, 1, "[                    ]    0 %  1023 B of 1.0 GiB  1 B/s  277777 h 46 min left"),
            (1 << 20, 1 << 30, 0, "[                    ]    0 %  1.0 MiB of 1.0 GiB  0 B/s"),
            (60 << 20, 1 << 30, 4_194_304, "[=                   ]    5 %  60.0 MiB of 1.0 GiB  4.0 MiB/s  4 min 1 s left"),
        ] as [(Int64, Int64, Double?, String)])
    func `numbers at their ends`(sent: Int64, total: Int64, rate: Double?, text: String) {
        #expect(ProgressLine(sent: sent, total: total, ended: 0, files: 1, rate: rate, name: "").text(width: 200) == text)
    }

    @Test func `the rate is that of the last five seconds`() {
        var rate = TransferRate()
        #expect(rate.perSecond == nil)
        for tenth in 0...200 {
            // Slow for ten seconds, then ten times as fast.
            let bytes = tenth <= 100 ? tenth * 10 : 1000 + (tenth - 100) * 100
            rate.note(Int64(bytes), at: .milliseconds(tenth * 100))
            if tenth == 9 { #expect(rate.perSecond == nil) }
            if tenth == 100 { #expect(rate.perSecond == 100) }
        }
        #expect(rate.perSecond == 1000)
    }
}
