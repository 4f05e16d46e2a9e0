// SPDX-License-Identifier: Apache-2.0

/// Unicode's normalisation and classes of characters, by the tables of one version.
///
/// The standard library's own tables change with its version, and then a file name would give another object key.
package struct UnicodeData: Sendable {
    /// The version of the tables.
    package static let version = UnicodeTables.version
    /// The tables, which are decoded at the first use.
    package static let shared = UnicodeData()

    private let decompositions: DecompositionTable
    private let combiningClasses = RangeTable(UnicodeTables.combiningClasses)
    private let lettersAndDigits = RangeTable(UnicodeTables.lettersAndDigits)
    private let marks = RangeTable(UnicodeTables.marks)
    private let asciiLetters: [UInt32: [UInt8]]

    private init() {
        decompositions = DecompositionTable(UnicodeTables.decompositions)
        var letters: [UInt32: [UInt8]] = [:]
        for entry in tokens(of: UnicodeTables.asciiLetters) {
            guard let colon = entry.firstIndex(of: UInt8(ascii: ":")) else { continue }
            letters[number(entry[..<colon])] = Array(entry[(colon + 1)...])
        }
        asciiLetters = letters
    }

    /// Whether the character is a letter, a decimal digit or a number in the form of a letter (categories L, Nd and Nl), and not
    /// invisible (`Default_Ignorable_Code_Point`).
    package func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return UInt8(scalar.value).isASCIILetterOrDigit }
        return lettersAndDigits.value(of: scalar.value) != nil
    }

    /// Whether the character is a visible mark, which belongs to the character before it (category M).
    package func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x80 && marks.value(of: scalar.value) != nil
    }

    /// The character without accents in ASCII: `e` for é, `ss` for ß. Empty for a mark alone; nil if there is none.
    package func asciiForm(of scalar: Unicode.Scalar) -> [UInt8]? {
        if scalar.value < 0x80 { return [UInt8(scalar.value)] }
        if isMark(scalar) { return [] }
        var parts: [UInt32] = []
        decompose(scalar.value, into: &parts)
        guard let base = parts.first else { return nil }
        return base < 0x80 ? [UInt8(base)] : asciiLetters[base]
    }
}

// MARK: Normalisation

extension UnicodeData {
    // Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
    private static let firstSyllable: UInt32 = 0xAC00
    private static let syllables: UInt32 = 11172
    private static let firstL: UInt32 = 0x1100
    private static let firstV: UInt32 = 0x1161
    private static let vowels: UInt32 = 21
    /// One before the first trailing consonant: an index of 0 means none.
    private static let firstT: UInt32 = 0x11A7
    private static let trailing: UInt32 = 28

    /// Returns the text in normalisation form C (Unicode Standard Annex 15).
    package func nfc(_ text: String) -> [Unicode.Scalar] {
        var points: [UInt32] = []
        points.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars { decompose(scalar.value, into: &points) }
        let classes = reorder(&points)
        return compose(points, classes).compactMap(Unicode.Scalar.init)
    }

    /// Appends the full canonical decomposition of a character.
    private func decompose(_ point: UInt32, into points: inout [UInt32]) {
        // The first character that has one.
        guard point >= 0xC0 else { return points.append(point) }
        let syllable = point &- Self.firstSyllable
        if syllable < Self.syllables {
            points.append(Self.firstL + syllable / (Self.vowels * Self.trailing))
            points.append(Self.firstV + syllable / Self.trailing % Self.vowels)
            if syllable % Self.trailing != 0 { points.append(Self.firstT + syllable % Self.trailing) }
            return
        }
        guard let (first, second) = decompositions.parts(of: point) else { return points.append(point) }
        decompose(first, into: &points)
        if let second { decompose(second, into: &points) }
    }

    /// Sorts each run of characters with a combining class by that class, and returns the classes.
    private func reorder(_ points: inout [UInt32]) -> [UInt8] {
        var classes = points.map { $0 < 0x300 ? 0 : combiningClasses.value(of: $0) ?? 0 }
        var start = 0
        while start < points.count {
            guard classes[start] != 0 else {
                start += 1
                continue
            }
            let end = classes[start...].firstIndex(of: 0) ?? classes.count
            if end - start > 1 {
                // By class and place, since the order of equal classes is kept.
                let sorted = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                points.replaceSubrange(start..<end, with: sorted.map { points[$0] })
                classes.replaceSubrange(start..<end, with: sorted.map { classes[$0] })
            }
            start = end
        }
        return classes
    }

    /// Composes what can be composed with the last starter before it.
    private func compose(_ points: [UInt32], _ classes: [UInt8]) -> [UInt32] {
        var composed: [UInt32] = []
        composed.reserveCapacity(points.count)
        var starter: Int?
        var lastClass: UInt8 = 0
        for (point, combiningClass) in zip(points, classes) {
            if let starter {
                let isBlocked = composed.count - 1 > starter && lastClass >= combiningClass
                if !isBlocked, let composite = composite(composed[starter], point) {
                    composed[starter] = composite
                    continue
                }
            }
            if combiningClass == 0 { starter = composed.count }
            lastClass = combiningClass
            composed.append(point)
        }
        return composed
    }

    private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        // No composition has a second part in ASCII or Latin-1.
        guard second >= 0x300 else { return nil }
        let vowel = second &- Self.firstV
        let consonant = first &- Self.firstL
        if vowel < Self.vowels, consonant < 19 {
            return Self.firstSyllable + (consonant * Self.vowels + vowel) * Self.trailing
        }
        let syllable = first &- Self.firstSyllable
        let tail = second &- Self.firstT
        if syllable < Self.syllables, syllable % Self.trailing == 0, (1..<Self.trailing).contains(tail) { return first + tail }
        return decompositions.composite(first, second)
    }
}

// MARK: Tables

/// Canonical decompositions of one step, and the compositions that reverse them.
private struct DecompositionTable: Sendable {
    private var parts: [UInt32: (UInt32, UInt32?)] = [:]
    private var composites: [UInt64: UInt32] = [:]

    init(_ table: StaticString) {
        for entry in tokens(of: table) {
            guard let sign = entry.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "!") }) else { continue }
            let point = number(entry[..<sign])
            let numbers = entry[(sign + 1)...].split(separator: UInt8(ascii: ".")).map(number)
            guard let first = numbers.first else { continue }
            let second = numbers.count > 1 ? numbers[1] : nil
            parts[point] = (first, second)
            if let second, entry[sign] == UInt8(ascii: "=") { composites[Self.pair(first, second)] = point }
        }
    }

    func parts(of point: UInt32) -> (UInt32, UInt32?)? { parts[point] }

    func composite(_ first: UInt32, _ second: UInt32) -> UInt32? { composites[Self.pair(first, second)] }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }
}

/// Ranges of characters in order, each with a value.
private struct RangeTable: Sendable {
    private var ranges: [(first: UInt32, last: UInt32, value: UInt8)] = []

    /// - Parameter table: `first`, `first-last` or `first-last:value`
    init(_ table: StaticString) {
        for entry in tokens(of: table) {
            let halves = entry.split(separator: UInt8(ascii: ":"))
            let ends = halves[0].split(separator: UInt8(ascii: "-")).map(number)
            guard let first = ends.first, let last = ends.last else { continue }
            let value = halves.count > 1 ? UInt8(truncatingIfNeeded: number(halves[1])) : 0
            ranges.append((first: first, last: last, value: value))
        }
    }

    /// The value of the range that has the character; nil if none has it.
    func value(of point: UInt32) -> UInt8? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < point { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].first <= point else { return nil }
        return ranges[low].value
    }
}

private func tokens(of table: StaticString) -> [ArraySlice<UInt8>] {
    table.withUTF8Buffer { Array($0) }.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
}

/// The value of hexadecimal digits.
private func number(_ digits: ArraySlice<UInt8>) -> UInt32 {
    digits.reduce(0) { $0 << 4 | UInt32($1.hexDigitValue ?? 0) }
}
