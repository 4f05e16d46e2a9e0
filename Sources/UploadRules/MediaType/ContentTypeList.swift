// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// The content types a rule allows.
package struct ContentTypeList: Sendable, Hashable {
    /// As the file lists them, for people and `<input accept>`: `image/png`, `image/*`, `*/*`.
    package let patterns: [String]

    /// - Parameter patterns: Each as ``parsePattern(_:)`` returns it.
    package init(patterns: [String]) {
        self.patterns = patterns
    }

    /// - Parameter essence: `type/subtype` in lower case.
    func allows(_ essence: String) -> Bool {
        if patterns.contains(essence) { return true }
        return patterns.contains { Self.isFamily($0, of: essence) } && !ScriptCapableType.contains(essence)
    }

    private static func isFamily(_ pattern: String, of essence: String) -> Bool {
        guard pattern.utf8.last == UInt8(ascii: "*") else { return false }
        return pattern == "*/*" || essence.utf8.starts(with: pattern.utf8.dropLast())
    }

    /// One entry of a rule's list: a type in lower case, `type/*` or `*/*`.
    package static func parsePattern(_ text: String) throws(ValueError) -> String {
        if text == "*/*" { return text }
        let advice = "write type/subtype: image/png, or image/* for all images but SVG"
        if text.utf8.contains(UInt8(ascii: ";")) {
            throw ValueError("\(text.quoted) has parameters", "write the type alone, without “;”")
        }
        let isFamily = text.utf8.suffix(2).elementsEqual("/*".utf8)
        guard let type = MediaType(isFamily ? text.dropLast() + "x" : text) else {
            throw ValueError("\(text.quoted) is not a content type", advice)
        }
        guard !text.utf8.contains(where: \.isASCIIUppercase) else {
            throw ValueError("\(text.quoted) is not in lower case", "write \(isFamily ? text.lowercased() : type.essence)")
        }
        return text
    }
}
