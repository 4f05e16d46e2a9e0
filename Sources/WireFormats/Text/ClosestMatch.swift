// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The candidate that was most likely meant, for “did you mean …?”; nil if none is similar.
    package func closestMatch(in candidates: [String]) -> String? {
        let word = Spelling(self)
        guard (1...64).contains(word.bytes.count) else { return nil }
        let ranked = candidates.map { (name: $0, distance: word.distance(to: Spelling($0))) }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        return best.distance <= word.maximumDistance(to: best.name) ? best.name : nil
    }
}

/// A word without its style, i.e. case, hyphens and underscores: `max_size` equals `maxSize`.
private struct Spelling {
    let bytes: [UInt8]

    init(_ word: String) {
        bytes = word.utf8.map(\.asciiLowercased).filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// The distance up to which a candidate is similar.
    func maximumDistance(to candidate: String) -> Int {
        max(1, min(bytes.count, candidate.utf8.count) / 3)
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    func distance(to other: Spelling) -> Int {
        let (left, right) = (bytes, other.bytes)
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
