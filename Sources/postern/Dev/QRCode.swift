// SPDX-License-Identifier: Apache-2.0

/// A QR code of version 3 with error correction level M (ISO/IEC 18004): 29 modules wide, for up to 42 bytes, which every
/// `http://address:port/` with an IPv4 address fits. Its mask is always the first one: readers accept any.
struct QRCode: Sendable {
    static let size = 29
    static let maximumBytes = 42
    private static let dataCodewords = 44
    private static let correctionCodewords = 26

    /// Row by row; true is dark.
    private(set) var modules = [[Bool]](repeating: [Bool](repeating: false, count: size), count: size)
    /// Whether a module belongs to a pattern that every code has.
    private var isFixed = [[Bool]](repeating: [Bool](repeating: false, count: size), count: size)

    /// Nil for a text that is too long.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        placePatterns()
        placeFormat()
        let data = Self.codewords(Array(text.utf8))
        place(data + Self.correction(of: data))
    }

    // MARK: Codewords

    /// The text in byte mode, filled up (sections 7.4.5, 7.4.9 and 7.4.10).
    private static func codewords(_ bytes: [UInt8]) -> [UInt8] {
        // The mode and the length take 12 bits, so that each byte lies across two codewords.
        var halves: [UInt8] = [0b0100]
        for byte in [UInt8(bytes.count)] + bytes {
            halves.append(byte >> 4)
            halves.append(byte & 0xF)
        }
        halves.append(0)
        var words: [UInt8] = []
        for index in stride(from: 0, to: halves.count, by: 2) { words.append(halves[index] << 4 | halves[index + 1]) }
        var isFirst = true
        while words.count < dataCodewords {
            words.append(isFirst ? 0xEC : 0x11)
            isFirst.toggle()
        }
        return words
    }

    /// The remainder of the division by the generator polynomial, in GF(2⁸) modulo x⁸+x⁴+x³+x²+1 (section 7.5.2).
    private static func correction(of data: [UInt8]) -> [UInt8] {
        var generator: [UInt8] = [1]
        var root: UInt8 = 1
        for _ in 0..<correctionCodewords {
            var next: [UInt8] = generator + [0]
            for index in generator.indices { next[index + 1] ^= product(generator[index], root) }
            generator = next
            root = product(root, 2)
        }
        var rest = data + [UInt8](repeating: 0, count: correctionCodewords)
        for index in data.indices {
            let factor = rest[index]
            for (offset, coefficient) in generator.enumerated() { rest[index + offset] ^= product(coefficient, factor) }
        }
        return Array(rest[data.count...])
    }

    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var (left, right, result) = (left, right, UInt8(0))
        while right > 0 {
            if right & 1 == 1 { result ^= left }
            left = left << 1 ^ (left & 0x80 == 0 ? 0 : 0x1D)
            right >>= 1
        }
        return result
    }

    // MARK: Modules

    private mutating func fix(_ row: Int, _ column: Int, _ isDark: Bool) {
        guard modules.indices.contains(row), modules.indices.contains(column) else { return }
        modules[row][column] = isDark
        isFixed[row][column] = true
    }

    /// Finder patterns with their separators, the alignment pattern, and the timing patterns (section 6.3).
    private mutating func placePatterns() {
        for index in 0..<Self.size {
            fix(6, index, index.isMultiple(of: 2))
            fix(index, 6, index.isMultiple(of: 2))
        }
        for (row, column) in [(3, 3), (3, Self.size - 4), (Self.size - 4, 3)] {
            placeSquares(row, column, radius: 4, light: [2, 4])
        }
        placeSquares(22, 22, radius: 2, light: [1])
    }

    /// Places squares around a centre, one in another.
    private mutating func placeSquares(_ row: Int, _ column: Int, radius: Int, light: Set<Int>) {
        for down in -radius...radius {
            for right in -radius...radius { fix(row + down, column + right, !light.contains(max(abs(down), abs(right)))) }
        }
    }

    /// Level M and the first mask, twice (section 7.9). All five bits are zero, and so is their remainder: what is left is the mask of
    /// the format itself.
    private mutating func placeFormat() {
        let format = 0b101_0100_0001_0010
        for bit in 0..<15 {
            let isDark = format >> bit & 1 == 1
            // Around the top left corner, upwards and then to the left, without the timing patterns.
            switch bit {
            case 0..<6: fix(bit, 8, isDark)
            case 6: fix(7, 8, isDark)
            case 7: fix(8, 8, isDark)
            case 8: fix(8, 7, isDark)
            default: fix(8, 14 - bit, isDark)
            }
            if bit < 8 { fix(8, Self.size - 1 - bit, isDark) } else { fix(Self.size - 15 + bit, 8, isDark) }
        }
        fix(Self.size - 8, 8, true)
    }

    /// Places the bits in columns of two, upwards and downwards by turns, from the right (section 7.7.3), masked (section 7.8.2).
    private mutating func place(_ codewords: [UInt8]) {
        var bit = 0
        // Without the column of the timing pattern.
        let rights = Array(stride(from: Self.size - 1, through: 8, by: -2)) + [5, 3, 1]
        for (turn, right) in rights.enumerated() {
            for step in 0..<Self.size {
                let row = turn.isMultiple(of: 2) ? Self.size - 1 - step : step
                for column in [right, right - 1] where !isFixed[row][column] {
                    // The last seven modules of this version have no bit.
                    let isSet = bit < codewords.count * 8 && codewords[bit / 8] >> (7 - bit % 8) & 1 == 1
                    modules[row][column] = isSet != (row + column).isMultiple(of: 2)
                    bit += 1
                }
            }
        }
    }

    // MARK: Text

    /// The code for a terminal, black on white in any theme, two rows on each line, with the margin of four that readers need.
    var terminalText: String {
        let margin = 4
        func isDark(_ row: Int, _ column: Int) -> Bool {
            modules.indices.contains(row) && modules.indices.contains(column) && modules[row][column]
        }
        return stride(from: -margin, to: Self.size + margin, by: 2).map { row in
            let line = (-margin..<Self.size + margin).map { column in
                switch (isDark(row, column), isDark(row + 1, column)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return "\u{1B}[30;107m\(line.joined())\u{1B}[0m\n"
        }.joined()
    }
}
