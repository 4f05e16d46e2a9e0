// SPDX-License-Identifier: Apache-2.0

/// The value of `Content-Disposition` (RFC 6266), with the client's file name where there is one.
enum ContentDisposition {
    private static let nameLimit = 200

    static func value(_ type: DispositionType, filename: String?) -> String {
        let name = displayName(filename ?? "")
        if name.isEmpty { return type.rawValue }
        var value = Array("\(type.rawValue); filename=\"".utf8)
        // For what does not know filename*: quotes, escapes and percent signs are read differently by everyone (RFC 6266, D).
        for scalar in name.unicodeScalars {
            let byte = UInt8(exactly: scalar.value) ?? 0
            let stays = (byte == 0x20 || ASCII.isVisible(byte)) && !#""%$\"#.utf8.contains(byte)
            value.append(stays ? byte : UInt8(ascii: "_"))
        }
        value += "\"; filename*=UTF-8''".utf8
        for byte in name.utf8 {
            if isAttributeCharacter(byte) {
                value.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                value += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// `attr-char` of RFC 5987 §3.2.1 without `$`, so that no `${` can arise.
    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        ASCII.isLetterOrDigit(byte) || "!#&+-.^_`|~".utf8.contains(byte)
    }

    /// The last component, without controls and marks that would make a name look like another; shortened in its stem.
    private static func displayName(_ filename: String) -> String {
        let component = String(decoding: Array(SafeFilename.lastComponent(of: filename)), as: UTF8.self)
        var scalars = Array(component.unicodeScalars).filter(isVisible)
        scalars = Array(scalars.drop { $0 == " " })
        while scalars.last == " " { scalars.removeLast() }
        if scalars.allSatisfy({ $0 == "." }) { return "" }
        let name = text(scalars)
        guard name.utf8.count > nameLimit else { return name }
        let ending = scalars.lastIndex(of: ".").map { Array(scalars[$0...]) } ?? []
        let kept = ending.count <= 16 ? ending : []
        var room = nameLimit - kept.reduce(0) { $0 + UTF8.width($1) }
        let stem = scalars.dropLast(kept.count).prefix { scalar in
            room -= UTF8.width(scalar)
            return room >= 0
        }
        return text(stem + kept)
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
        default: !scalar.properties.isNoncharacterCodePoint
        }
    }
}
