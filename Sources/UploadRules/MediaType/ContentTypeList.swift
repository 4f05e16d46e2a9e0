// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// The content types that a rule allows.
package struct ContentTypeList: Sendable, Hashable {
    /// The patterns as the file lists them, also for messages and `<input accept>`: `image/png`, `image/*`, `*/*`.
    package let patterns: [String]

    /// - Parameter patterns: Each as ``parsePattern(_:)`` returns it.
    package init(patterns: [String]) {
        self.patterns = patterns
    }

    /// Returns whether a type is allowed.
    ///
    /// - Parameter essence: `type/subtype` in lower case.
    func allows(_ essence: String) -> Bool {
        if patterns.contains(essence) { return true }
        return hasWildcard(covering: essence) && !ScriptCapableType.contains(essence)
    }

    /// Returns whether the type is in a family that the list has: `type/*` or `*/*`.
    ///
    /// - Parameter essence: `type/subtype` in lower case.
    func hasWildcard(covering essence: String) -> Bool {
        patterns.contains { Self.isFamily($0, of: essence) }
    }

    private static func isFamily(_ pattern: String, of essence: String) -> Bool {
        guard pattern.utf8.last == UInt8(ascii: "*") else { return false }
        return pattern == "*/*" || essence.utf8.starts(with: pattern.utf8.dropLast())
    }

    /// Checks an entry of a rule's list: a type in lower case, `type/*` or `*/*`.
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

/// Types that a browser runs or renders as a document: on a trusted host, such a file allows stored cross-site scripting. A
/// wildcard does not allow them; a rule must name them.
private enum ScriptCapableType {
    /// - Parameter essence: `type/subtype` in lower case.
    static func contains(_ essence: String) -> Bool {
        if named.contains(essence) { return true }
        // RFC 6839 §2, RFC 7303 §4: every +xml type is XML, and XML may contain XHTML or SVG.
        let bytes = essence.utf8
        return endings.contains { bytes.count >= $0.count && bytes.suffix($0.count).elementsEqual($0) }
    }

    private static let endings = ["+xml", "/xml", "/html", "+html"].map { Array($0.utf8) }

    private static let named: Set<String> = [
        // Browsers' JavaScript types: https://mimesniff.spec.whatwg.org/#javascript-mime-type
        "application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
        "text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2",
        "text/javascript1.3", "text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript",
        "text/x-ecmascript", "text/x-javascript",
        // Unknown to browsers, which then look at the bytes and may find HTML: https://mimesniff.spec.whatwg.org/#sniffing
        "application/unknown", "application/x-unknown-content-type", "multipart/form-data", "unknown/unknown",
        // Other scripts, and documents that may contain them.
        "application/hta", "application/signed-exchange", "application/x-httpd-php", "application/x-shockwave-flash",
        "application/xml-dtd",
        "application/xml-external-parsed-entity", "message/rfc822", "multipart/related", "multipart/x-mixed-replace",
        "text/vbscript", "text/x-component", "text/x-server-parsed-html", "text/xml-external-parsed-entity", "text/xsl",
    ]
}
