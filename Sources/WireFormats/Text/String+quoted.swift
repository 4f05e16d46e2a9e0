// SPDX-License-Identifier: Apache-2.0

extension String {
    /// What someone wrote, for a message: in quotes, controls escaped, not more than 60 characters of it.
    package var quoted: String {
        var shown = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == 60 {
                shown += "…"
                break
            }
            // Controls, and the marks that turn the direction of what follows, would change how the message reads.
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                shown.unicodeScalars.append(scalar)
            }
        }
        return "“\(shown)”"
    }
}
