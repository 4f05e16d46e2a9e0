// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text as text or as a quoted attribute of HTML (HTML Standard §13.1.2.3 and §13.1.4). No character is replaced by another one,
    /// so that a field of a form keeps the value that was signed; the text must have no controls.
    package var htmlEscaped: String {
        var escaped = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
