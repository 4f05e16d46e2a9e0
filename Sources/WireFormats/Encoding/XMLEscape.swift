// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text as character data (XML 1.0 §2.4). A character that XML 1.0 does not allow (§2.2) becomes U+FFFD.
    /// - Parameter quotes: whether quotes and apostrophes are escaped too. Only attributes need it.
    package func xmlEscaped(quotes: Bool = false) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'" where quotes: escaped.append(contentsOf: "&apos;".unicodeScalars)
            // A parser reads a bare carriage return as a line feed (§2.11).
            case "\r": escaped.append(contentsOf: "&#13;".unicodeScalars)
            case "\t", "\n", "\u{20}"..."\u{FFFD}", "\u{10000}"...: escaped.append(scalar)
            default: escaped.append("\u{FFFD}")
            }
        }
        return String(escaped)
    }
}
