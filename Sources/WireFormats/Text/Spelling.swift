// SPDX-License-Identifier: Apache-2.0

/// “Did you mean …?”
package enum Spelling {
    /// The candidate that someone who typed `word` most likely meant, or nil where none is near.
    package static func nearest(to word: String, in candidates: [String]) -> String? {
        let plain = simplified(word)
        guard !plain.isEmpty, plain.count <= 64 else { return nil }
        let ranked = candidates.map { (name: $0, distance: distance(plain, simplified($0))) }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        return best.distance <= max(1, min(plain.count, best.name.utf8.count) / 3) ? best.name : nil
    }

    /// Case, hyphens and underscores are matters of style: `max_size` is `maxSize`.
    private static func simplified(_ word: String) -> [UInt8] {
        word.utf8.map(\.asciiLowercased).filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
