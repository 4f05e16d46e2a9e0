// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How far all uploads of a command are, as one line of a terminal.
struct ProgressLine: Sendable, Equatable {
    /// Bytes of all files that have been sent.
    var sent: Int64
    /// Bytes of all files.
    var total: Int64
    /// Files that have ended, stored or not.
    var ended: Int
    var files: Int
    /// Bytes a second; nil if it is not known yet.
    var rate: Double?
    /// The file that is sent, the one that began first.
    var name: String

    private static let barWidth = 20

    /// The line, at most as wide as the terminal: what does not fit is left out, the bar first, then the name.
    /// - Parameter width: columns of the terminal
    func text(width: Int) -> String {
        let percent = total > 0 ? Int(Double(sent) / Double(total) * 100) : 0
        var facts = ["\(Self.padded(percent)) %", "\(Self.size(sent)) of \(Self.size(total))"]
        if let rate {
            facts.append("\(Self.size(Int64(min(rate, 1e15))))/s")
            if rate >= 1, sent < total { facts.append("\(Self.time(Double(total - sent) / rate)) left") }
        }
        if files > 1 { facts.append("\(ended) of \(files) files") }
        let line = facts.joined(separator: "  ")
        let bar = Self.bar(percent) + "  "
        let full = bar + line
        let room = width - 1 - full.utf8.count - 2
        if room >= 8, !name.isEmpty { return "\(full)  \(Self.shortened(name.printable(), columns: room))" }
        let plain = full.utf8.count < width ? full : line
        return String(plain.prefix(max(width - 1, 0)))
    }

    private static func bar(_ percent: Int) -> String {
        let filled = barWidth * min(percent, 100) / 100
        return "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: barWidth - filled) + "]"
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(3 - text.utf8.count, 0)) + text
    }

    /// `5.2 MiB`, with one digit after the point from KiB on.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 || unit == "GiB" {
                let tenths = Int((value * 10).rounded(.down))
                return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
            }
            value /= 1024
        }
        return "\(bytes) B"
    }

    /// `42 s`, `3 min 5 s` or `2 h 10 min`.
    private static func time(_ seconds: Double) -> String {
        let seconds = Int(min(seconds.rounded(.up), 1e9))
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }

    /// A name in at most so many columns, without its middle if it is longer.
    private static func shortened(_ name: String, columns: Int) -> String {
        func width(_ text: some StringProtocol) -> Int { text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x1100 ? 2 : 1) } }
        guard width(name) > columns else { return name }
        var (start, end) = (name.startIndex, name.endIndex)
        // The end has the file's type.
        while start < end {
            let next = name.index(after: start)
            guard width(name[..<next]) + 2 <= columns / 2 else { break }
            start = next
        }
        while end > start {
            let next = name.index(before: end)
            guard width(name[..<start]) + width(name[next...]) + 2 <= columns else { break }
            end = next
        }
        return name[..<start] + "…" + name[end...]
    }
}

/// The rate of the last seconds.
struct TransferRate: Sendable {
    private static let window = Duration.seconds(5)
    private static let interval = Duration.milliseconds(100)
    private var samples: [(at: Duration, bytes: Int64)] = []

    /// Notes how many bytes have been sent at an instant.
    mutating func note(_ bytes: Int64, at now: Duration) {
        if let last = samples.last, now - last.at < Self.interval { return }
        samples.append((now, bytes))
        samples.removeAll { now - $0.at > Self.window }
    }

    /// Bytes a second; nil in the first second.
    var perSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.at - first.at >= .seconds(1) else { return nil }
        return Double(max(last.bytes - first.bytes, 0)) / ((last.at - first.at) / .seconds(1))
    }
}
