// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// The `iss` of an issuer's tokens: one text, or, for a provider with an issuer for each customer's directory, a URL with a
/// placeholder: `https://login.microsoftonline.com/{tid}/v2.0`.
package struct IssuerPattern: Sendable, Hashable {
    /// The text as declared.
    package let text: String
    /// Nil for an issuer of one `iss`.
    package let template: Template?

    /// What surrounds the placeholder, which is one whole segment of the URL's path.
    package struct Template: Sendable, Hashable {
        /// The URL up to the placeholder; ends in `/`.
        package let beginning: String
        /// The name in the placeholder: the claim whose value the segment must have.
        package let claim: String
        /// The URL after the placeholder; empty, or begins with `/`.
        package let end: String
    }

    /// The maximum length of the value of a placeholder.
    static let maximumValueLength = 64

    private init(_ text: String, _ template: Template?) {
        self.text = text
        self.template = template
    }

    /// One `iss`, compared by its bytes.
    package init(exact text: String) {
        self.init(text, nil)
    }

    /// Parses the text of an issuer that may have a placeholder.
    /// - Throws: `ValueError` if there are braces that are not one whole segment of the path of an https URL
    package init(parsing text: String) throws(ValueError) {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
            self.init(exact: text)
            return
        }
        guard let template = Template(text), Template.hasLiteralHost(template.beginning) else {
            throw ValueError(
                "the braces in \(text.quoted) are not one whole segment of the path",
                "write one placeholder between two “/” after the host: https://login.microsoftonline.com/{tid}/v2.0"
            )
        }
        self.init(text, template)
    }

    /// The issuer that a key names. Its placeholder may have any name: Microsoft writes `{tenantid}` where the claim is `tid`.
    init(ofKey text: String) {
        self.init(text, Template(text))
    }

    /// Whether a token's `iss` is of this issuer.
    package func matches(_ issuer: String) -> Bool {
        template == nil ? text.hasSameBytes(as: issuer) : placeholderValue(in: issuer) != nil
    }

    /// Returns the value of the placeholder in a token's `iss`: 1 to 64 of `A-Z`, `a-z`, `0-9` and `-`. Nil if the issuer has no
    /// placeholder or the text is not of this issuer.
    package func placeholderValue(in issuer: String) -> String? {
        guard let template else { return nil }
        let bytes = issuer.utf8
        guard bytes.starts(with: template.beginning.utf8) else { return nil }
        let rest = bytes.dropFirst(template.beginning.utf8.count)
        let value = rest.prefix { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }
        guard
            (1...Self.maximumValueLength).contains(value.count),
            rest.dropFirst(value.count).elementsEqual(template.end.utf8)
        else { return nil }
        return String(value)
    }

    /// Whether some `iss` is of both issuers.
    package func overlaps(_ other: IssuerPattern) -> Bool {
        switch (template, other.template) {
        case (nil, nil): return text.hasSameBytes(as: other.text)
        case (nil, _): return other.matches(text)
        case (_, nil): return matches(other.text)
        case (let left?, let right?):
            // Placeholders in different segments would each have to match a literal one of the other. To be safe, that counts as
            // an overlap if the beginnings agree as far as both go, and so do the ends.
            func agree(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
                let count = min(left.count, right.count)
                return left.prefix(count).elementsEqual(right.prefix(count))
            }
            return agree(left.beginning.utf8, right.beginning.utf8)
                && agree(left.end.utf8.reversed(), right.end.utf8.reversed())
        }
    }
}

extension IssuerPattern.Template {
    /// Splits a text with one placeholder; nil if there is not exactly one, or it is not a whole segment.
    fileprivate init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard
            let open = bytes.firstIndex(of: UInt8(ascii: "{")),
            let close = bytes[open...].firstIndex(of: UInt8(ascii: "}")),
            bytes.count(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) == 2,
            bytes[..<open].last == UInt8(ascii: "/"),
            bytes[(close + 1)...].first.map({ $0 == UInt8(ascii: "/") }) ?? true,
            (open + 1) < close
        else { return nil }
        beginning = String(decoding: bytes[..<open], as: UTF8.self)
        claim = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
        end = String(decoding: bytes[(close + 1)...], as: UTF8.self)
    }

    /// Whether the text before a placeholder has the scheme, a whole host, and nothing that ends the path: `https://host/`.
    fileprivate static func hasLiteralHost(_ beginning: String) -> Bool {
        let scheme = "https://"
        guard beginning.utf8.starts(with: scheme.utf8), !beginning.utf8.contains(where: { "?#".utf8.contains($0) }) else {
            return false
        }
        return beginning.utf8.dropFirst(scheme.utf8.count).firstIndex(of: UInt8(ascii: "/")).map {
            $0 != beginning.utf8.index(beginning.startIndex, offsetBy: scheme.utf8.count)
        } ?? false
    }
}
