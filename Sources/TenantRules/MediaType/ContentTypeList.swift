// SPDX-License-Identifier: Apache-2.0

/// The content types a rule allows.
package struct ContentTypeList: Sendable, Hashable {
    /// As the file lists them, for people and `<input accept>`: `image/png`, `image/*`, `*/*`.
    package let patterns: [String]

    private let named: Set<String>
    /// `image` for `image/*`.
    private let families: Set<String>
    private let allowsAny: Bool

    /// - Parameter patterns: Each as ``parsePattern(_:)`` returns it.
    init(patterns: [String]) {
        self.patterns = patterns
        allowsAny = patterns.contains("*/*")
        families = Set(patterns.filter { $0 != "*/*" && $0.hasSuffix("/*") }.map { String($0.dropLast(2)) })
        named = Set(patterns.filter { !$0.hasSuffix("/*") })
    }

    /// - Parameter essence: `type/subtype` in lower case.
    func allows(_ essence: String) -> Bool {
        if named.contains(essence) { return true }
        guard allowsAny || !families.isEmpty, !ScriptCapableType.contains(essence) else { return false }
        if allowsAny { return true }
        guard let slash = essence.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        return families.contains(String(essence[..<slash]))
    }

    /// One entry of a rule's list: a type in lower case, `type/*` or `*/*`.
    static func parsePattern(_ text: String) throws(Complaint) -> String {
        if text == "*/*" { return text }
        let advice = "write type/subtype: image/png, or image/* for all images but SVG"
        if text.utf8.contains(UInt8(ascii: ";")) {
            throw Complaint("\(text.quoted) has parameters", "write the type alone, without “;”")
        }
        let isFamily = text.utf8.suffix(2).elementsEqual("/*".utf8)
        guard let type = MediaType(isFamily ? text.dropLast() + "x" : text) else {
            throw Complaint("\(text.quoted) is not a content type", advice)
        }
        guard !text.utf8.contains(where: ASCII.isUpper) else {
            throw Complaint("\(text.quoted) is not in lower case", "write \(isFamily ? text.lowercased() : type.essence)")
        }
        return text
    }
}
